// A browser, and the API that the tests were given.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";

export const URL_OF_API = process.env.CONSOLE_URL;
const TOKEN = process.env.CONSOLE_TOKEN;
const SCREENSHOTS = process.env.CONSOLE_SCREENSHOTS;

/** Debian's browser where it is installed, or else the one that a package brings along with its libraries. */
async function launch() {
  const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
  if (installed) return chromium.launch({ executablePath: installed, args: ["--no-sandbox"] });
  // The package unpacks its libraries only where it believes to be in a function.
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs22.x";
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs22.x";
  const { default: packaged } = await import("@sparticuz/chromium");
  const executablePath = await packaged.executablePath();
  // In one process, the browser would end with its first page.
  const args = packaged.args.filter((name) => !["--single-process", "--no-zygote"].includes(name));
  return chromium.launch({ executablePath, args });
}

let browser;

/** A page of a person who is signed in, unless `token` is null. Whatever the page complains of fails the test. */
export async function open(test, path, { token = TOKEN, allow = [], url = URL_OF_API, ...options } = {}) {
  browser ??= await launch();
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  const page = await context.newPage();
  const complaints = [];
  const isAllowed = (text) => allow.some((part) => text.includes(part));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (["error", "warning"].includes(message.type()) && !isAllowed(text)) complaints.push(text);
  });
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !isAllowed(asked)) complaints.push(`a request to ${asked}`);
    if (asked.includes(TOKEN)) complaints.push(`the token in ${asked}`);
  });
  page.setDefaultTimeout(30_000);
  test.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  if (token) {
    await page.addInitScript((token) => {
      if (!sessionStorage.getItem("rollcall.token")) sessionStorage.setItem("rollcall.token", token);
    }, token);
  }
  await page.goto(`${url}/console${path}`);
  return page;
}

export const close = () => browser?.close();

/** Waits until a part of the page says something. */
export async function says(locator, text) {
  await locator.filter({ hasText: text }).first().waitFor();
}

/** Asks the API itself, beside the page. */
export async function ask(method, path, body, headers = {}) {
  const response = await fetch(URL_OF_API + path, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

/** A user of the test's own. */
export async function make(name, fields = {}) {
  const user = { username: name, email: `${name}@example.com`, ...fields };
  const { status, body } = await ask("POST", "/api/v1/users", user);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** No violation of the rules of axe, in both themes. A theme is colours alone, so the second one is asked for contrast. */
export async function isAccessible(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const axe = new AxeBuilder({ page });
    if (colorScheme === "dark") axe.withRules(["color-contrast"]);
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 150)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
    assert.deepEqual(found, [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

/** Screenshots for the README: light, dark, and on a phone. */
export async function show(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const [kind, colorScheme, size] of [
    ["light", "light", DESK],
    ["dark", "dark", DESK],
    ["phone", "light", PHONE],
  ]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${kind}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(DESK);
}
