import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, isAccessible, make, open, says, show } from "./browser.js";

const rows = (page) => page.locator("tbody tr");
const bar = (page) => page.getByRole("region", { name: "Selection" });
const dialog = (page) => page.getByRole("dialog");

async function team(name, size) {
  const users = [];
  for (let number = 1; number <= size; number++) users.push(await make(`${name}-${number}`));
  return users;
}
const activeOf = async (name) => (await ask("GET", `/api/v1/users?search=${name}&is_active=true`)).body.total;

test("a range of rows is deactivated by mouse after what would happen was shown, and undone", async (t) => {
  await team("bulkmouse", 5);
  const page = await open(t, "/users?search=bulkmouse&sort_by=username&sort_order=asc");
  await says(page.locator(".total"), /^5 users$/);
  await rows(page).nth(0).getByRole("checkbox").click();
  await rows(page).nth(3).getByRole("checkbox").click({ modifiers: ["Shift"] });
  await says(bar(page), "4 selected");
  await isAccessible(page, "a selection");
  await show(page, "users-selected");
  await bar(page).getByRole("button", { name: "Deactivate" }).click();
  await says(dialog(page), "4 of 4 users would change");
  await says(dialog(page), "bulkmouse-1");
  await isAccessible(page, "before a change of many");
  await show(page, "users-bulk");
  assert.equal(await activeOf("bulkmouse"), 5);
  await dialog(page).getByRole("button", { name: "Deactivate 4" }).click();
  await says(page.locator(".toast"), "4 users were deactivated");
  assert.equal(await activeOf("bulkmouse"), 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await says(page.locator(".toast"), "Undone for 4 users");
  assert.equal(await activeOf("bulkmouse"), 5);
});

test("rows are selected and changed by keyboard alone, and you are left out", async (t) => {
  const page = await open(t, "/users?search=admin&sort_by=username&sort_order=asc");
  await says(page.locator(".total"), /users?$/);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await says(bar(page), "1 selected");
  await bar(page).getByRole("button", { name: "Deactivate" }).focus();
  await page.keyboard.press("Enter");
  await says(dialog(page), "you yourself");
  assert.ok(await dialog(page).getByRole("button", { name: "Deactivate" }).isDisabled());
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  assert.equal(await bar(page).count(), 0);
});

test("one of all users is found and deactivated with nine keys and a name", async (t) => {
  await make("keys-alone");
  const page = await open(t, "/");
  await says(page.locator("h1"), "Dashboard");
  for (const key of ["g", "u"]) await page.keyboard.press(key);
  await says(page.locator(".total"), "users");
  await page.keyboard.press("/");
  await page.keyboard.type("keys-alone@example.com");
  await says(page.locator(".total"), /^1 user$/);
  for (const key of ["Enter", "x", "Tab", "Enter"]) await page.keyboard.press(key);
  await says(dialog(page), "1 of 1 user");
  for (const key of ["Tab", "Enter"]) await page.keyboard.press(key);
  await says(page.locator(".toast"), "1 user was deactivated");
  assert.equal(await activeOf("keys-alone"), 0);
});

test("all that match are deleted, but not one whom other tables need", async (t) => {
  await team("bulkall", 30);
  const page = await open(t, "/users?search=bulkall&size=25");
  await says(page.locator(".total"), /^30 users$/);
  await page.getByLabel("Select all on this page").check();
  await says(bar(page), "25 selected");
  await bar(page).getByRole("button", { name: "Select all 30 that match" }).click();
  await says(bar(page), "30 selected");
  await bar(page).getByRole("button", { name: "Delete" }).click();
  await says(dialog(page), "30 of 30 users would change");
  await says(dialog(page), "bulkall");
  await says(dialog(page), "This cannot be undone");
  await dialog(page).getByRole("button", { name: "Delete 30" }).click();
  await says(page.locator(".toast"), "30 users were deleted");
  await says(page.locator("main"), "Nobody matches");

  await page.goto(page.url().replace(/\?.*/, "?search=user-22"));
  await rows(page).filter({ hasText: "user-22@" }).getByRole("checkbox").check();
  await bar(page).getByRole("button", { name: "Delete" }).click();
  await says(dialog(page), "to whom other tables refer");
});

test("if the number of matching users changes in between, nothing is done and the new number is shown", async (t) => {
  await team("bulkgrow", 3);
  const page = await open(t, "/users?search=bulkgrow&size=25", { allow: ["409"] });
  await says(page.locator(".total"), /^3 users$/);
  await page.getByLabel("Select all on this page").check();
  assert.equal(await bar(page).getByRole("button", { name: /^Select all/ }).count(), 0, "all are selected already");
  await team("bulkgrow-x", 25);
  await page.reload();
  await says(page.locator(".total"), /^28 users$/);
  await page.getByLabel("Select all on this page").check();
  await bar(page).getByRole("button", { name: "Select all 28" }).click();
  await bar(page).getByRole("button", { name: "Deactivate" }).click();
  await says(dialog(page), "28 of 28");
  await make("bulkgrow-late");
  await dialog(page).getByRole("button", { name: "Deactivate 28" }).click();
  await says(dialog(page).getByRole("alert"), "Not as many users as expected");
  assert.equal(await activeOf("bulkgrow"), 29);
  await dialog(page).getByRole("button", { name: "Try again" }).click();
  await dialog(page).getByRole("button", { name: "Deactivate 29" }).click();
  await says(page.locator(".toast"), "29 users were deactivated");
  assert.equal(await activeOf("bulkgrow"), 0);
});

test("a change whose answer is lost is sent again under its key, and done once", async (t) => {
  await team("bulklost", 2);
  const page = await open(t, "/users?search=bulklost", { allow: ["ERR_FAILED"] });
  await says(page.locator(".total"), /^2 users$/);
  await page.getByLabel("Select all on this page").check();
  await bar(page).getByRole("button", { name: "Deactivate" }).click();
  await says(dialog(page), "2 of 2");
  const keys = [];
  await page.route("**/bulk/update", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await dialog(page).getByRole("button", { name: "Deactivate 2" }).click();
  await says(page.locator(".toast"), "2 users were deactivated");
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});
