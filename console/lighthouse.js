// Measures the pages of a running console with Lighthouse, which is too large to be installed for every test.
// `npm install --no-save lighthouse@12.8.2 && node lighthouse.js http://127.0.0.1:9000 TOKEN`, beside `cargo dev`.
import { argv, env } from "node:process";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs22.x";
env.AWS_LAMBDA_JS_RUNTIME = "nodejs22.x";
const { default: packaged } = await import("@sparticuz/chromium");
const args = packaged.args.filter((name) => !["--single-process", "--no-zygote"].includes(name));
const browser = await puppeteer.launch({ executablePath: await packaged.executablePath(), args, headless: "shell" });
const [, , url, token] = argv;
const rows = [];
try {
  for (const path of ["", "/users", "/users/1"]) {
    for (const [form, config] of Object.entries({ phone: undefined, desktop: desktopConfig })) {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument((token) => sessionStorage.setItem("rollcall.token", token), token);
      const flags = { logLevel: "error", disableStorageReset: true, onlyCategories: ["performance", "accessibility", "best-practices"] };
      const { lhr } = await lighthouse(`${url}/console${path}`, flags, config, page);
      const { performance, accessibility, "best-practices": practices } = lhr.categories;
      const scores = [performance, accessibility, practices].map(({ score }) => Math.round(score * 100));
      const times = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time"];
      rows.push([`/console${path}`, form, ...scores, ...times.map((name) => lhr.audits[name].displayValue)]);
      await page.close();
    }
  }
} finally {
  await browser.close();
}
console.log("| page | form | performance | accessibility | best practices | first paint | largest paint | blocked |");
console.log("|---|---|--:|--:|--:|--:|--:|--:|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
