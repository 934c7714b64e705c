import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { open, says, URL_OF_API } from "./browser.js";

/** A phone on a mobile network: 4G as Chrome's own tools throttle it, and a processor four times slower. */
const NETWORK = { offline: false, latency: 20, downloadThroughput: 4_000_000 / 8, uploadThroughput: 3_000_000 / 8 };

test("the first visit on a slow phone loads little, and is ready to search soon", async (t) => {
  const page = await open(t, "/users");
  await says(page.locator(".total"), "users");
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await session.send("Network.emulateNetworkConditions", NETWORK);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(`${URL_OF_API}/console/users`);
  await page.locator("#search").waitFor();
  const ready = await page.evaluate(() => performance.now());
  await says(page.locator(".total"), "users");
  const listed = await page.evaluate(() => performance.now());
  t.diagnostic(`ready to search after ${Math.round(ready)} ms, with a list after ${Math.round(listed)} ms, ${bytes} bytes`);
  assert.ok(bytes < 60_000, `${bytes} bytes`);
  // Machines of tests are busy. What it takes on one that is not is the figure above.
  assert.ok(ready < 10_000, `${ready} ms`);
});

/** The memory of the process that shows the page, with what it shares with others in parts. */
async function memoryOfPage(page) {
  const browser = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))[1]) * 1024);
  return Math.max(...sizes);
}

test("a hundred pages leave nothing behind in the memory of the browser", async (t) => {
  const page = await open(t, "/users?size=100");
  await says(page.locator(".total"), "users");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const used = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  };
  const before = await used();
  let name = "Next page";
  for (let round = 0; round < 100; round++) {
    const answered = page.waitForResponse(/api\/v1\/users\?/);
    await page.getByRole("link", { name }).click();
    const { next_cursor, prev_cursor } = await (await answered).json();
    if (!next_cursor) name = "Previous page";
    if (!prev_cursor) name = "Next page";
  }
  const after = await used();
  const memory = await memoryOfPage(page);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  t.diagnostic(`${megabytes(before)} MB of heap before, ${megabytes(after)} MB after 100 pages; the page takes ${megabytes(memory)} MB`);
  assert.ok(after < before + 5_000_000, `${after - before} bytes more`);
  assert.ok(memory < 150_000_000, `${memory} bytes`);
});

test("scrolling through a page of a hundred users is smooth", async (t) => {
  const page = await open(t, "/users?size=100");
  await page.locator("tbody tr").nth(99).waitFor();
  const session = await page.context().newCDPSession(page);
  const frames = page.evaluate(async () => {
    const times = [];
    while (scrollY + innerHeight < document.documentElement.scrollHeight - 1) {
      times.push(await new Promise(requestAnimationFrame));
    }
    return times.slice(1).map((time, index) => time - times[index]);
  });
  await session.send("Input.synthesizeScrollGesture", { x: 600, y: 400, yDistance: -10_000, speed: 1_500 });
  const lengths = (await frames).sort((one, other) => one - other);
  const seconds = lengths.reduce((sum, length) => sum + length, 0) / 1_000;
  const slow = lengths.filter((length) => length > 25).length;
  t.diagnostic(`${(lengths.length / seconds).toFixed(1)} frames a second, ${slow} of ${lengths.length} later than 25 ms`);
  assert.ok(lengths.length > 20, "it scrolled");
});
