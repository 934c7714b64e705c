import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, isAccessible, make, open, says, show } from "./browser.js";

const stored = async (id) => (await ask("GET", `/api/v1/users/${id}`)).body;

test("fields are changed by mouse, and the change is undone", async (t) => {
  const user = await make("changed", { full_name: "Old Name" });
  const page = await open(t, `/users/${user.id}`);
  await says(page.locator("h1"), "changed");
  await page.getByLabel("Full name").fill("New Name");
  await page.getByLabel("Active").uncheck();
  await page.getByRole("button", { name: "Save changes" }).click();
  await says(page.locator(".toast"), "Saved.");
  await says(page.locator(".history li"), "New Name");
  let now = await stored(user.id);
  assert.deepEqual([now.full_name, now.is_active], ["New Name", false]);
  await isAccessible(page, "one user");
  await show(page, "user");
  await page.getByRole("button", { name: "Undo" }).click();
  await says(page.locator(".toast"), "Undone.");
  now = await stored(user.id);
  assert.deepEqual([now.full_name, now.is_active], ["Old Name", true]);
});

test("a mistake is shown at its field, by keyboard, with the focus there", async (t) => {
  const user = await make("mistaken");
  const page = await open(t, `/users/${user.id}`, { allow: ["422"] });
  await page.getByLabel("Email").focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await says(page.locator(".field .problem"), "must be an address");
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "email");
  await isAccessible(page, "a mistake");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("somebody@example.com");
  await page.keyboard.press("Enter");
  await says(page.locator(".toast"), "Saved.");
  assert.equal((await stored(user.id)).email, "somebody@example.com");
});

test("two consoles that change the same user meet, and neither change is lost unseen", async (t) => {
  const user = await make("contested", { full_name: "Start" });
  const first = await open(t, `/users/${user.id}`, { allow: ["412"] });
  const second = await open(t, `/users/${user.id}`);
  await says(first.locator("h1"), "contested");
  await says(second.locator("h1"), "contested");
  await second.getByLabel("Full name").fill("Theirs");
  await second.getByRole("button", { name: "Save changes" }).click();
  await says(second.locator(".toast"), "Saved.");
  await first.getByLabel("Full name").fill("Mine");
  await first.getByRole("button", { name: "Save changes" }).click();
  const conflict = first.getByRole("alert");
  await says(conflict, "Somebody else changed this user");
  assert.deepEqual(await conflict.locator("td").allInnerTexts(), ["Mine", "Theirs"]);
  await isAccessible(first, "a conflict");
  await show(first, "user-conflict");
  assert.equal((await stored(user.id)).full_name, "Theirs");
  await first.getByRole("button", { name: "Save mine over it" }).click();
  await says(first.locator(".toast"), "Saved.");
  assert.equal((await stored(user.id)).full_name, "Mine");
});

test("a new password is shown once, and works as the API says", async (t) => {
  const user = await make("forgetful");
  const page = await open(t, `/users/${user.id}`);
  await page.getByRole("button", { name: "Reset password" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Set a new password" }).click();
  const password = await dialog.locator(".secret").innerText();
  assert.match(password, /^([a-z2-9]{4}-){4}[a-z2-9]{4}$/);
  await isAccessible(page, "a new password");
  await page.keyboard.press("Escape");
  await says(page.locator(".history"), "Password");
  assert.ok(!(await page.content()).includes(password));
});

test("deleting says first what refers to the user, and what does not allow it", async (t) => {
  const page = await open(t, "/users/20", { allow: ["409"] });
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  await says(dialog, "12 rows will be deleted too");
  await isAccessible(page, "before deleting");
  await show(page, "user-delete");
  await page.keyboard.press("Escape");
  assert.equal((await stored(20)).id, 20);

  await page.goto(page.url().replace(/20$/, "22"));
  await page.getByRole("button", { name: "Delete" }).click();
  await says(dialog.getByRole("alert"), "This did not work");
  await says(dialog, "invoices");
  assert.ok(await dialog.getByRole("button", { name: "Delete for good" }).isDisabled());
});

test("a user is created and deleted by keyboard alone", async (t) => {
  const page = await open(t, "/users", { allow: ["422"] });
  await says(page.locator("h1"), "Users");
  await page.keyboard.press("n");
  await says(page.locator("h1"), "New user");
  await isAccessible(page, "a new user");
  await page.getByLabel("Username").focus();
  await page.keyboard.type("typed");
  await page.keyboard.press("Tab");
  await page.keyboard.type("typed");
  await page.keyboard.press("Enter");
  await says(page.locator(".field .problem"), "must be an address");
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "email");
  await page.keyboard.type("@example.com");
  await page.keyboard.press("Enter");
  await says(page.locator("h1"), "typed");
  await page.getByRole("button", { name: "Delete" }).focus();
  await page.keyboard.press("Enter");
  await says(page.getByRole("dialog"), "No other table refers to this user");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await says(page.locator("h1"), "Users");
  await says(page.locator(".toast"), "was deleted");
  const { body } = await ask("GET", "/api/v1/users?username=typed");
  assert.equal(body.total, 0);
});

test("changes that are not saved are asked about before they are lost", async (t) => {
  const user = await make("unsaved");
  const page = await open(t, `/users/${user.id}`);
  await page.getByLabel("Full name").fill("Not yet");
  const answers = ["dismiss", "accept"];
  page.on("dialog", (dialog) => dialog[answers.shift()]());
  await page.getByRole("link", { name: "All users" }).click();
  assert.equal(await page.getByLabel("Full name").inputValue(), "Not yet");
  await page.getByRole("link", { name: "All users" }).click();
  await says(page.locator("h1"), "Users");
  assert.deepEqual(answers, []);
});

test("a save whose answer is lost says so and can be sent again", async (t) => {
  const user = await make("lost");
  const page = await open(t, `/users/${user.id}`, { allow: ["ERR_FAILED", "412"] });
  await page.getByLabel("Full name").fill("Kept");
  await page.route("**/api/v1/users/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
  await page.getByRole("button", { name: "Save changes" }).click();
  await says(page.getByRole("alert"), "cannot be reached");
  assert.equal(await page.getByLabel("Full name").inputValue(), "Kept");
  await page.unroute("**/api/v1/users/*");
  await page.getByRole("button", { name: "Save changes" }).click();
  await says(page.locator(".toast"), "Saved.");
  assert.equal((await stored(user.id)).full_name, "Kept");
});

test("you cannot take away your own rights here, and the page says why", async (t) => {
  const page = await open(t, "/users/1");
  await says(page.locator("form"), "This is you");
  assert.ok(await page.getByLabel("Administrator").isDisabled());
});

test("a user who is not there is told, with the history of who was", async (t) => {
  const user = await make("gone");
  await ask("DELETE", `/api/v1/users/${user.id}`);
  const page = await open(t, `/users/${user.id}`, { allow: ["404"] });
  await says(page.locator("main"), "There is no user with this id");
  await says(page.locator(".history"), "Deleted");
});
