import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ask, isAccessible, open, says, show } from "./browser.js";

const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
const count = async (search) => (await ask("GET", `/api/v1/users?search=${search}`)).body.total;
const summary = (page) => page.locator(".card[role=status]");

/** A file with three bad rows of seven. */
const THREE_BAD = [
  "E-Mail;User Name;Name;Notes",
  "imp1@example.com;imp-one;<b>One</b>;x",
  "not-an-address;imp-two;Two;x",
  "imp3@example.com;imp three;Three;x",
  'imp4@example.com;imp-four;"Four; quoted, with both";x',
  "imp5@example.com;imp-five;;x",
  "IMP1@example.com;imp-six;Six;x",
  "imp7@example.com;imp-seven;NULL;x",
].join("\r\n");

test("a file with three bad rows is checked, its good rows are imported, and the bad ones are saved", async (t) => {
  const page = await open(t, "/import", { allow: ["422"], acceptDownloads: true });
  await isAccessible(page, "import");
  await show(page, "import-drop");
  await page.setInputFiles("#file", file("three-bad.csv", THREE_BAD));
  await says(page.locator("main"), "7 rows");
  const mapping = await page.locator("thead select").evaluateAll((selects) => selects.map((select) => select.value));
  assert.deepEqual(mapping, ["email", "username", "full_name", ""]);
  await isAccessible(page, "a file");

  await page.getByRole("button", { name: "Check the file" }).click();
  await says(summary(page), "4 to be created");
  await says(summary(page), "3 rows have mistakes");
  const wrong = page.locator("td.wrong");
  await says(wrong, "must be an address");
  assert.equal(await page.locator("tbody tr").count(), 3);
  await isAccessible(page, "mistakes in a file");
  await show(page, "import-checked");
  assert.equal(await count("imp1"), 0, "a check writes nothing");

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the 3 refused" }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), "three-bad-rejected.csv");
  const saved = await readFile(await download.path(), "utf8");
  const lines = saved.trim().split("\r\n");
  assert.equal(lines.length, 4);
  assert.match(lines[0], /E-Mail,User Name,Name,Notes,problem$/);
  assert.match(lines[1], /^not-an-address,imp-two,Two,x,.*must be an address/);

  await summary(page).evaluate((card) => {
    window.said = [];
    new MutationObserver(() => window.said.push(card.textContent)).observe(card, { subtree: true, childList: true, characterData: true });
  });
  await page.getByRole("button", { name: "Import 4 rows" }).click();
  await says(summary(page), "4 created");
  assert.match(await page.evaluate(() => window.said[0]), /0 created/, "nobody is counted before they are stored");
  const { body } = await ask("GET", "/api/v1/users?search=imp&sort_by=email&sort_order=asc");
  const names = body.items.filter((user) => /^imp\d@/.test(user.email)).map((user) => user.full_name);
  assert.deepEqual(names, ["<b>One</b>", "Four; quoted, with both", null, null]);
});

test("columns are mapped by hand and by keyboard, and stored users get what a file says", async (t) => {
  const page = await open(t, "/import", { allow: ["409"] });
  const lines = ["who,address", "imp-map-1,map1@example.com", "imp-map-2,map2@example.com"];
  await page.setInputFiles("#file", file("map.csv", lines.join("\n")));
  await says(page.locator(".problem"), "Say which column is: Email, Username");
  assert.ok(await page.getByRole("button", { name: "Check the file" }).isDisabled());
  for (const [column, letter] of [["who", "u"], ["address", "e"]]) {
    await page.getByLabel(column).focus();
    await page.keyboard.press(letter);
  }
  await page.getByRole("button", { name: "Check the file" }).focus();
  await page.keyboard.press("Enter");
  await says(summary(page), "2 to be created");
  await page.getByRole("button", { name: "Import 2 rows" }).focus();
  await page.keyboard.press("Enter");
  await says(summary(page), "2 created");

  await page.getByRole("button", { name: "Another file" }).click();
  const changed = ["username,email,full_name", "imp-map-1,map1@example.com,Mapped", "imp-map-2,map2@example.com,"];
  await page.setInputFiles("#file", file("again.csv", changed.join("\n")));
  await page.getByRole("button", { name: "Check the file" }).click();
  await says(summary(page), "2 rows have mistakes");
  await page.getByLabel("get what the file says").check();
  await page.getByRole("button", { name: "Check the file" }).click();
  await says(summary(page), "0 to be created, 1 to be updated, 1 to be left as they are");
});

test("an import that is cut off goes on after a reload, and makes nobody twice", async (t) => {
  const page = await open(t, "/import", { allow: ["ERR_FAILED"] });
  const rows = Array.from({ length: 2_500 }, (_, row) => JSON.stringify({ email: `cut${row}@example.com`, username: `imp-cut-${row}` }));
  const large = file("cut.ndjson", rows.join("\n"));
  await page.setInputFiles("#file", large);
  await page.getByRole("button", { name: "Check the file" }).click();
  await says(summary(page), "2,500 to be created");

  // The first batch is stored, the second too, but its answer never arrives; then nothing does.
  let batches = 0;
  await page.route("**/api/v1/users/bulk?*", async (route) => {
    batches++;
    if (batches === 2) await route.fetch();
    if (batches >= 2) await route.abort();
    else await route.continue();
  });
  await page.getByRole("button", { name: "Import 2,500 rows" }).click();
  await says(page.getByRole("alert"), "cannot be reached");
  await isAccessible(page, "an interrupted import");
  assert.equal(await count("imp-cut"), 2_000);

  await page.unroute("**/api/v1/users/bulk?*");
  await page.reload();
  const stored = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open("rollcall", 1);
        opening.onsuccess = () => {
          const all = opening.result.transaction("imports").objectStore("imports").getAll();
          all.onsuccess = () => resolve(JSON.stringify(all.result));
        };
      }),
  );
  assert.ok(!stored.includes("cut1@example.com") && !stored.includes(process.env.CONSOLE_TOKEN), stored);
  await page.setInputFiles("#file", large);
  await says(page.locator(".notice"), "interrupted after 1,000 rows");
  await page.getByRole("button", { name: "Go on" }).click();
  await says(summary(page), "2,500 created");
  assert.equal(await count("imp-cut"), 2_500);
});

test("a file that is none of the formats is told", async (t) => {
  const page = await open(t, "/import");
  for (const text of ['[{"email":', "{oops", "", 'email,username\n"never closed,x']) {
    await page.setInputFiles("#file", file("bad.txt", text));
    await says(page.locator("#file-problem"), /cannot be read|no rows/);
    await page.setInputFiles("#file", []);
  }
});

test("passwords of a file are not shown", async (t) => {
  const page = await open(t, "/import");
  await page.setInputFiles("#file", file("secret.json", JSON.stringify([{ email: "s@example.com", username: "s", password: "hunter22x" }])));
  await says(page.locator("tbody"), "••••••••");
  assert.ok(!(await page.content()).includes("hunter22x"));
});
