import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, isAccessible, make, open, says, show } from "./browser.js";

test("the log is filtered, linked to users and to whole transactions", async (t) => {
  const user = await make("audited", { full_name: "Before" });
  await ask("PATCH", `/api/v1/users/${user.id}`, { full_name: "<b>After</b>" });
  const refused = await ask("DELETE", "/api/v1/users/1");
  assert.equal(refused.status, 409);
  const page = await open(t, "/audit");
  await says(page.locator("tbody tr"), "<b>After</b>");
  await isAccessible(page, "audit");
  await show(page, "audit");
  await page.getByLabel("Outcome").selectOption("Refused");
  await says(page.locator("tbody tr"), "Refused: self");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByLabel("Whom (id)").fill(String(user.id));
  await page.keyboard.press("Enter");
  await page.waitForURL(/target=/);
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
  await page.getByRole("link", { name: "All of this transaction" }).first().click();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.getByRole("link", { name: "audited" }).click();
  await says(page.locator("h1"), "audited");
});
