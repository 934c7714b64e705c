import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccessible, open, says, show, URL_OF_API } from "./browser.js";

const REFUSED = ["401", "403"];

test("a pasted token signs in, by keyboard alone, and is in no storage that outlives the tab", async (t) => {
  const page = await open(t, "/users?search=anna", { token: null });
  await isAccessible(page, "sign-in");
  await show(page, "sign-in");
  await page.keyboard.press("Tab");
  await page.keyboard.insertText(process.env.CONSOLE_TOKEN);
  await page.keyboard.press("Enter");
  await says(page.locator("h1"), "Users");
  assert.equal(await page.inputValue("#search"), "anna", "one is where one wanted to go");
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]));
  assert.ok(!stored.includes(process.env.CONSOLE_TOKEN), stored);
});

test("a refused token is told in words, and asked for again", async (t) => {
  const page = await open(t, "/", { token: null, allow: REFUSED });
  await page.getByLabel("Access token").fill("not.a.token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await says(page.getByRole("alert"), "does not accept this token");
  await isAccessible(page, "a refused token");
});

test("a token that ends in the middle leads back to where one was", async (t) => {
  const page = await open(t, "/users?is_active=false", { allow: REFUSED });
  await says(page.locator("h1"), "Users");
  await page.evaluate(() => sessionStorage.setItem("rollcall.token", "a.b.c"));
  await page.reload();
  await says(page.getByRole("status"), "Your sign-in has ended");
  await page.getByLabel("Access token").fill(process.env.CONSOLE_TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await says(page.locator("h1"), "Users");
  assert.match(page.url(), /is_active=false/);
});

test("somebody who is not an administrator is told so kindly", async (t) => {
  const page = await open(t, "/users", { token: process.env.CONSOLE_ORDINARY_TOKEN, allow: REFUSED });
  await says(page.locator("main"), "this console is for administrators");
  await isAccessible(page, "not an administrator");
  await page.getByRole("button", { name: "Sign out" }).click();
  await says(page.locator("h1"), "Sign in");
});

test("the root leads to the console, and its page may do nothing that its policy does not name", async (t) => {
  const page = await open(t, "/", {});
  const response = await page.goto(URL_OF_API + "/");
  assert.equal(page.url(), `${URL_OF_API}/console`);
  const policy = response.headers()["content-security-policy"];
  assert.ok(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"), policy);
});
