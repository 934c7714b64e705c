import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccessible, open, says, show } from "./browser.js";

test("the numbers lead to the lists that they count", async (t) => {
  const page = await open(t, "/");
  const tile = (name) => page.locator(".tile").filter({ hasText: name }).locator("strong");
  for (const [name, where] of [
    ["Inactive", /is_active=false/],
    ["Administrators", /is_superuser=true/],
    ["New today", /created_from=/],
    ["New in 7 days", /created_from=/],
  ]) {
    // Both instances have numbers of their own, which the tests before have made old.
    const fresh = page.waitForResponse((response) => response.request().headers()["cache-control"] === "no-cache");
    await page.getByRole("button", { name: "Refresh" }).click();
    await (await fresh).finished();
    await says(page.locator(".head"), "just counted");
    const count = await tile(name).innerText();
    await page.locator(".tile").filter({ hasText: name }).click();
    await page.waitForURL(where);
    await says(page.locator(".total"), new RegExp(`^${count} users?$`));
    await page.goBack();
    await says(page.locator("h1"), "Dashboard");
  }
});

test("the chart shows 7 to 365 days, also as a table and by keyboard", async (t) => {
  const page = await open(t, "/");
  const bars = page.locator(".chart rect");
  await page.waitForFunction(() => document.querySelectorAll(".chart rect").length === 30);
  await page.getByRole("radio", { name: "30 days" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/days=90/);
  await page.waitForFunction(() => document.querySelectorAll(".chart rect").length === 90);
  await page.getByText("365 days").click();
  await page.waitForFunction(() => document.querySelectorAll(".chart rect").length === 365);
  assert.equal(await bars.count(), 365);
  await page.getByText("Show as a table").click();
  assert.equal(await page.locator("section tbody").first().locator("tr").count(), 365);
});

test("health and connections are shown, and nothing breaks axe's rules", async (t) => {
  const page = await open(t, "/");
  await says(page.locator("section"), "Database");
  await says(page.locator("section"), "healthy");
  await says(page.locator("section"), /\d+ of \d+/);
  await page.waitForFunction(() => document.querySelectorAll(".chart rect").length === 30);
  await isAccessible(page, "dashboard");
  await show(page, "dashboard");
});

test("a part that fails leaves the others", async (t) => {
  const page = await open(t, "/", { allow: ["503"] });
  await page.route("**/api/v1/dashboard/signups?*", (route) => route.fulfill({ status: 503, json: {} }));
  await page.getByText("90 days").click();
  await says(page.getByRole("alert"), "This did not work");
  await page.locator(".tile").first().waitFor();
});
