import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccessible, open, says, show, URL_OF_API } from "./browser.js";

const rows = (page) => page.locator("tbody tr");
const total = (page) => page.locator(".total");

test("searching as one types finds users, keeps the old rows meanwhile and the term in the address", async (t) => {
  const page = await open(t, "/users");
  await says(total(page), "305 users");
  await isAccessible(page, "users");
  await page.keyboard.press("/");
  await page.keyboard.type("anna");
  await page.keyboard.type(" müll");
  await says(total(page), /^4\d users$/);
  assert.match(page.url(), /search=anna\+m%C3%BCll/);
  assert.match(await rows(page).first().innerText(), /Anna Müller/);
  await show(page, "users-search");
  await page.reload();
  assert.equal(await page.inputValue("#search"), "anna müll");
  await page.focus("#search");
  await page.keyboard.press("Escape");
  await says(total(page), "305 users");
});

test("only the last term that was typed is answered, and those before are cancelled", async (t) => {
  const page = await open(t, "/users");
  await says(total(page), "305 users");
  const held = [];
  await page.route("**/api/v1/users?*search=user-29*", async (route) => {
    if (new URL(route.request().url()).searchParams.get("search") === "user-29") held.push(route);
    else await route.continue();
  });
  await page.fill("#search", "user-29");
  await page.waitForRequest(/search=user-29(&|$)/);
  assert.ok((await rows(page).count()) > 40, "the old rows stay while the new ones are asked for");
  await says(total(page), "Still looking");
  const cancelled = page.waitForEvent("requestfailed");
  await page.fill("#search", "user-299");
  await says(total(page), /^1 user$/);
  assert.match((await cancelled).url(), /search=user-29/);
  await Promise.all(held.map((route) => route.continue().catch(() => {})));
  assert.equal(await rows(page).count(), 1);
});

test("filters, order and pages are in the address, and Back goes back", async (t) => {
  const page = await open(t, "/users");
  await says(total(page), "305 users");
  await page.getByLabel("Status").selectOption("Inactive");
  await says(total(page), /^42 users$/);
  await page.getByLabel("Role").selectOption("Administrator");
  await says(total(page), /^0 users$/);
  await says(page.locator("main"), "Nobody matches");
  await isAccessible(page, "nobody matches");
  await page.goBack();
  await says(total(page), /^42 users$/);
  await page.getByRole("button", { name: "Username" }).click();
  await page.waitForURL(/sort_by=username&sort_order=asc/);
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "ascending");
  await page.getByText("View", { exact: true }).click();
  await page.getByLabel("Rows a page").selectOption("25");
  await page.getByRole("link", { name: "Next page" }).click();
  await page.waitForURL(/cursor=/);
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 17);
  await page.getByRole("link", { name: "Previous page" }).click();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 25);
  await page.getByRole("button", { name: "Clear search" }).click();
  await says(total(page), "305 users");
});

test("the keyboard goes through rows, opens one, and comes back to the list", async (t) => {
  const page = await open(t, "/users?sort_by=username&sort_order=asc");
  await says(total(page), "305 users");
  for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
  const name = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(name, await rows(page).nth(1).locator("th a").innerText());
  await page.keyboard.press("Enter");
  await says(page.locator("h1"), name);
  await page.goBack();
  await says(page.locator("h1"), "Users");
  await page.keyboard.press("?");
  await says(page.getByRole("dialog"), "Keyboard");
  await isAccessible(page, "help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await says(page.locator("h1"), "Audit");
});

test("shortcuts of one key can be turned off", async (t) => {
  const page = await open(t, "/users");
  await says(total(page), "305 users");
  await page.keyboard.press("?");
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.match(page.url(), /\/users$/);
});

test("columns and density are chosen, and part of the address", async (t) => {
  const page = await open(t, "/users?columns=id,email&density=compact");
  await says(total(page), "305 users");
  const headers = await page.locator("thead th").allInnerTexts();
  assert.deepEqual(headers.filter(Boolean), ["Username", "Email", "Id"]);
  await page.getByText("View", { exact: true }).click();
  await page.getByLabel("Full name").check();
  await page.waitForURL(/columns=email%2Cfull_name%2Cid/);
  await isAccessible(page, "the view menu");
});

test("a pasted id leads to its user", async (t) => {
  const page = await open(t, "/users?search=9001");
  await page.getByRole("link", { name: "hostile-9001" }).first().click();
  await says(page.locator("h1"), "hostile-9001");
});

test("hostile names are text, isolated, and break neither page nor title", async (t) => {
  const page = await open(t, "/users?search=hostile&columns=full_name,email,is_active");
  await says(total(page), "5 users");
  await isAccessible(page, "hostile names");
  await show(page, "users-hostile");
  for (const row of await rows(page).all()) {
    const box = await row.boundingBox();
    assert.ok(box.height < 80, "a row stays a row");
  }
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(await overflow(), 0, "the page does not scroll sideways");
  for (let id = 9001; id <= 9005; id++) {
    await page.goto(`${URL_OF_API}/console/users/${id}`);
    await says(page.locator("h1"), `hostile-${id}`);
    assert.equal(await overflow(), 0);
  }
  assert.equal(await page.locator("img").count(), 0);
});

test("a phone at 320 pixels, which is 400 % zoom, shows the list without scrolling sideways", async (t) => {
  const page = await open(t, "/users", { viewport: { width: 320, height: 640 } });
  await says(total(page), "305 users");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await isAccessible(page, "a phone");
});

test("a server that fails is told with its request id, and tried again", async (t) => {
  const page = await open(t, "/users", { allow: ["503", "ERR_FAILED", "ERR_INTERNET_DISCONNECTED"] });
  await says(total(page), "305 users");
  // What API Gateway answers where a function is throttled.
  const gateway = { status: 503, headers: { "x-request-id": "abc-123" }, json: { message: "Service Unavailable" } };
  await page.route("**/api/v1/users?*", (route) => route.fulfill(gateway));
  await page.fill("#search", "anna");
  await says(page.getByRole("alert"), "Service Unavailable");
  await says(page.getByRole("alert"), "abc-123");
  assert.ok((await rows(page).count()) > 40, "the old rows stay");
  await isAccessible(page, "a failed search");
  await page.unroute("**/api/v1/users?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await says(total(page), /^4\d users$/);
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("without a network the console says so, and goes on when it is back", async (t) => {
  const page = await open(t, "/users", { allow: ["ERR_INTERNET_DISCONNECTED"] });
  await says(total(page), "305 users");
  await page.context().setOffline(true);
  await says(page.getByRole("status"), "You are offline");
  await page.fill("#search", "user-299");
  await says(page.getByRole("alert"), "when the connection is back");
  await page.context().setOffline(false);
  await says(total(page), /^1 user$/);
});
