import assert from "node:assert/strict";
import { test } from "node:test";
import { isAccessible, open, says } from "./browser.js";
import { startProvider } from "./provider.js";

/** The pages of this provider ask for a font, which is not there. */
const FONT = "https://fonts.googleapis.com/";
const { CONSOLE_OIDC_URL: url, CONSOLE_OIDC_ISSUER: issuer, CONSOLE_OIDC_SECRET: secret } = process.env;

test("people sign in with their provider by code and PKCE, and come back to where they wanted to be", async (t) => {
  const server = await startProvider(issuer, `${url}/console/signed-in`, secret);
  t.after(() => (server.close(), server.closeAllConnections()));
  const page = await open(t, "/users?search=anna", { token: null, url, allow: [issuer, FONT] });
  await page.route(`${FONT}**`, (route) => route.abort());
  await isAccessible(page, "sign-in with a provider");
  const asked = page.waitForRequest((request) => request.url().startsWith(`${issuer}/auth?`));
  await page.getByRole("button", { name: "Sign in with your organisation" }).click();
  const parameters = new URL((await asked).url()).searchParams;
  assert.equal(parameters.get("code_challenge_method"), "S256");
  assert.ok(parameters.get("state") && parameters.get("nonce"));
  await page.locator("input[name=login]").fill("1");
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await page.locator("button[type=submit]").click();
  await says(page.locator("h1"), "Users");
  assert.equal(page.url(), `${url}/console/users?search=anna`, "no code stays in the address");
  await says(page.locator(".total"), /^4\d users$/);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie);
  assert.ok(!kept.includes("eyJ"), kept);
});

test("an answer with a state that is not ours signs nobody in", async (t) => {
  const server = await startProvider(issuer, `${url}/console/signed-in`, secret);
  t.after(() => (server.close(), server.closeAllConnections()));
  const page = await open(t, "/", { token: null, url, allow: [issuer] });
  await page.evaluate(() => {
    const pending = { verifier: "v".repeat(43), state: "ours", nonce: "n", place: "/console" };
    sessionStorage.setItem("rollcall.sign-in", JSON.stringify(pending));
  });
  await page.goto(`${url}/console/signed-in?code=stolen&state=theirs&iss=${encodeURIComponent(issuer)}`);
  await says(page.getByRole("alert"), "This did not work");
  assert.equal(await page.evaluate(() => sessionStorage.getItem("rollcall.token")), null);
});
