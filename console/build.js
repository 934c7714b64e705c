// Makes dist/, which the function `console` embeds. The same sources and packages make the same bytes.
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";

const target = process.argv[2] ?? "dist";
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });

const result = await build({
  entryPoints: ["src/main.tsx", "src/style.css", "src/icon.svg"],
  outdir: target,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "copy" },
  metafile: true,
  legalComments: "none",
});

// The page names the files that it needs at once; views that few people open are loaded when they are opened.
const outputs = result.metafile.outputs;
const name = (path) => path.split("/").at(-1);
const entry = (source) => Object.entries(outputs).find(([, output]) => output.entryPoint === source);
const [script, { imports }] = entry("src/main.tsx");
const preloads = imports
  .filter(({ kind }) => kind === "import-statement")
  .map(({ path }) => `<link rel="modulepreload" href="/console/assets/${name(path)}">\n`);
const icon = Object.keys(outputs).find((path) => path.endsWith(".svg"));
const page = (await readFile("src/index.html", "utf8"))
  .replace("{script}", name(script))
  .replace("{style}", name(entry("src/style.css")[0]))
  .replace("{icon}", name(icon))
  .replace("{preloads}", preloads.join("").trimEnd());
await writeFile(`${target}/index.html`, page);

// What the licences of the packages in the bundle ask for.
const inputs = Object.keys(result.metafile.inputs);
const packages = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
const texts = [...new Set(packages.filter(Boolean))].sort().map(async (pkg) => {
  for (const file of ["LICENSE", "LICENSE.md", "license"]) {
    const text = await readFile(`node_modules/${pkg}/${file}`, "utf8").catch(() => undefined);
    if (text) return `${pkg}\n\n${text.trim()}\n`;
  }
  throw new Error(`${pkg} has no licence`);
});
await writeFile(`${target}/licenses.txt`, (await Promise.all(texts)).join("\n\n"));
