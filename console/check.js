// Whether what is generated and checked in is what the sources make, and small enough.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Bytes, compressed, of everything that a person could ever load. */
const BUDGETS = { js: 60_000, css: 12_000 };

const folder = mkdtempSync(join(tmpdir(), "console-"));
const problems = [];
try {
  const client = join(folder, "schema.ts");
  const run = (...words) => execFileSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  run("node_modules/openapi-typescript/bin/cli.js", "../openapi.json", "--output", client);
  if (readFileSync(client, "utf8") !== readFileSync("src/api/schema.ts", "utf8"))
    problems.push("src/api/schema.ts is not what openapi.json says: npm run client");

  const dist = join(folder, "dist");
  run("build.js", dist);
  const read = (path) => Object.fromEntries(readdirSync(path).sort().map((name) => [name, readFileSync(join(path, name), "latin1")]));
  if (JSON.stringify(read(dist)) !== JSON.stringify(read("dist")))
    problems.push("dist is not what the sources make: npm run build");

  for (const [kind, budget] of Object.entries(BUDGETS)) {
    const files = readdirSync(dist).filter((name) => name.endsWith(`.${kind}`));
    const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, name)), { level: 9 }).length, 0);
    console.log(`${kind}: ${bytes} of ${budget} bytes, compressed`);
    if (bytes > budget) problems.push(`${kind} is larger than ${budget} bytes`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length;
