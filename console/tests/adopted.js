import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccessible, open, says } from "./browser.js";

// The table of another application: UUIDs, neither usernames nor passwords, and rights that it alone gives.
const there = { url: process.env.CONSOLE_ADOPTED_URL, token: process.env.CONSOLE_ADOPTED_TOKEN };
const bar = (page) => page.getByRole("region", { name: "Selection" });

test("of an adopted table only what is there is shown, and only what can be written is offered, with the reason", async (t) => {
  const page = await open(t, "/users", there);
  await says(page.locator(".total"), "2 users");
  await page.getByRole("link", { name: "adm@po.example" }).waitFor();
  const headers = await page.locator("thead th").allInnerTexts();
  assert.deepEqual(headers.filter(Boolean), ["Email", "Status", "Role", "Created"]);
  await page.getByLabel("Select all on this page").check();
  const buttons = await bar(page).getByRole("button").allInnerTexts();
  assert.deepEqual(buttons, ["Deactivate", "Activate", "Delete", "Clear the selection"]);
  await page.getByRole("button", { name: "Clear the selection" }).click();

  await page.getByRole("link", { name: "blk@po.example" }).click();
  await page.waitForURL(/users\/0191a5c0-0000-7000-8000-0000000000b2$/);
  await says(page.locator("h1"), "blk@po.example");
  assert.equal(await page.getByLabel("Username").count(), 0);
  assert.ok(await page.getByLabel("Administrator").isDisabled());
  await says(page.locator("form"), "Only the application that this table belongs to can change it");
  assert.equal(await page.getByRole("button", { name: "Reset password" }).count(), 0);
  await says(page.locator("main"), "Passwords are kept elsewhere");
  await isAccessible(page, "a user of an adopted table");
  await page.getByLabel("Active").check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await says(page.locator(".toast"), "Saved.");
});

test("a user is created in an adopted table with what it has, and found by the UUID", async (t) => {
  const page = await open(t, "/users/new", there);
  await page.getByLabel("Email").fill("new@po.example");
  const fields = await page.locator("form input").evaluateAll((inputs) => inputs.map(({ name }) => name));
  assert.deepEqual(fields, ["email", "is_active"]);
  await page.getByRole("button", { name: "Create user" }).click();
  await says(page.locator("h1"), "new@po.example");
  const id = page.url().split("/").at(-1);
  await page.goto(`${there.url}/console/users?search=${id}`);
  await page.locator(".notice").getByRole("link", { name: "new@po.example" }).click();
  await says(page.locator("h1"), "new@po.example");
});
