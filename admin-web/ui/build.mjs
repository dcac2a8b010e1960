// Builds the pages of both doors: checks texts and types, bundles with esbuild, names each file by its
// content, compresses it, and writes www/DOOR/index.html. Run by CMake (CMakeLists.txt beside this file).
//
//   node build.mjs --check              texts and types only
//   node build.mjs --out DIR            DIR/www/portal, DIR/www/console, DIR/sizes.json
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { keysOf, readTexts, typesOf } from "./texts.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const out = option("--out");
const cmake = option("--cmake") ?? "cmake";

function run(command, words) {
  const done = spawnSync(command, words, { stdio: "inherit", cwd: here });
  if (done.status !== 0) throw new Error(`${command} failed`);
}

const texts = readTexts(join(root, "i18n"));
mkdirSync(join(here, "generated"), { recursive: true });
writeFileSync(join(here, "generated/texts.ts"), typesOf(texts));
run(cmake, [
  `-DROUTES=${join(root, "admin-web/routes.tsv")}`,
  `-DTYPESCRIPT=${join(here, "generated/routes.ts")}`,
  "-P",
  join(root, "cmake/generate_routes.cmake"),
]);
run(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", here]);

/** Eight letters, as esbuild's own names have them: the server caches such names for ever. */
const hashOf = (bytes) => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return [...createHash("sha256").update(bytes).digest().subarray(0, 8)].map((b) => letters[b & 31]).join("");
};

const generated = readFileSync(join(here, "generated/routes.ts"), "utf8");
/** The table of one door with the requests it names: the portal knows no route of the console. */
function routesFor(door, sources) {
  const rows = [...generated.matchAll(/^ {2}"([^"]+)": (\{ door: "(\w+)".*\}),$/gm)]
    .filter(([, name, , of]) => (of === "both" || of === door) && sources.some((s) => s.includes(`"${name}"`)))
    .map(([, name, row]) => `  ${JSON.stringify(name)}: ${row.replace(/door: "\w+", /, "")},`);
  return `export const routes = {\n${rows.join("\n")}\n};\n`;
}

const common = {
  splitting: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: here,
};
// A library's stylesheet becomes a constructed one, on the page that needs it.
const textStyles = {
  name: "stylesheets as text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, ({ path }) => ({ contents: readFileSync(path, "utf8").replace(/\/\*[^]*?\*\//g, ""), loader: "text" }));
  },
};

/** What of ours a bundle is made of. */
function inputsOf(result) {
  return Object.keys(result.metafile.inputs)
    .filter((path) => path.startsWith("src/"))
    .map((path) => readFileSync(join(here, path), "utf8"));
}

/** Sources of these output files: what stands on the first page. */
function firstSources(result, names) {
  const paths = new Set();
  for (const [path, output] of Object.entries(result.metafile.outputs))
    if (names.includes(path.split("/").at(-1))) for (const input of Object.keys(output.inputs)) paths.add(input);
  return [...paths].filter((path) => path.startsWith("src/")).map((path) => readFileSync(join(here, path), "utf8"));
}

const used = new Set();
async function buildDoor(door, folder) {
  const shared = { ...common, plugins: [textStyles], splitting: true, entryPoints: [`src/${door}.tsx`], entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]" };
  const defined = (worker, icons) => ({ DOOR: JSON.stringify(door), WORKER_URL: JSON.stringify(worker), ICONS_URL: JSON.stringify(icons) });
  const first = await esbuild.build({ ...shared, define: defined("", ""), write: false, metafile: true, outdir: "/" });
  const sources = inputsOf(first);
  const keys = keysOf(sources, texts);
  for (const key of keys) used.add(key);

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const put = (stem, ending, bytes) => {
    const name = `${stem}-${hashOf(bytes)}.${ending}`;
    writeFileSync(join(folder, name), bytes);
    return name;
  };
  const worker = await esbuild.build({ ...common, entryPoints: ["src/worker.ts"], format: "iife", write: false, outdir: "/" });
  const workerName = put("worker", "js", worker.outputFiles[0].contents);
  const iconsName = put("icons", "svg", readFileSync(join(here, "src/icons.svg")));
  const main = await esbuild.build({
    ...shared,
    define: defined(`/${workerName}`, `/${iconsName}`),
    write: false,
    metafile: true,
    outdir: "/",
    plugins: [
      textStyles,
      {
        name: "routes of this door",
        setup(build) {
          build.onLoad({ filter: /generated\/routes\.ts$/ }, () => ({ contents: routesFor(door, sources), loader: "ts" }));
        },
      },
    ],
  });
  let script = "";
  for (const { path, contents } of main.outputFiles) {
    const name = path.slice(1);
    writeFileSync(join(folder, name), contents);
    if (name.startsWith(`${door}-`)) script = name;
  }
  // What the entry imports at once comes with it; the rest is fetched when it is needed.
  const entry = Object.entries(main.metafile.outputs).find(([path]) => path.endsWith(script));
  const at_once = entry[1].imports.filter((one) => one.kind === "import-statement").map((one) => one.path.split("/").at(-1));
  const style = await esbuild.build({ ...common, entryPoints: ["src/style.css"], write: false, outdir: "/" });
  const styleName = put("style", "css", style.outputFiles[0].contents);
  const first_keys = keysOf(firstSources(main, [script, ...at_once]), texts);
  const pick = (map, is_first) => JSON.stringify(Object.fromEntries([...map].filter(([key]) => keys.has(key) && first_keys.has(key) === is_first)));
  const fr = put("texts-fr", "json", pick(texts.french, true));
  const en = put("texts-en", "json", pick(texts.english, true));
  const fr_rest = put("texts-fr", "json", pick(texts.french, false));
  const en_rest = put("texts-en", "json", pick(texts.english, false));
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html>
<html lang="fr" data-fr="/${fr}" data-fr-rest="/${fr_rest}" data-en="/${en}" data-en-rest="/${en_rest}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Écluse</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<link rel="stylesheet" href="/${styleName}">
${at_once.map((name) => `<link rel="modulepreload" href="/${name}">\n`).join("")}<script type="module" src="/${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>Écluse a besoin de JavaScript. Écluse needs JavaScript.</noscript>
</body>
</html>
`,
  );
  writeFileSync(join(folder, "favicon.svg"), readFileSync(join(here, "src/favicon.svg")));

  // First load: what a browser fetches before the login page stands.
  const firstLoad = ["index.html", script, ...at_once, styleName, fr, iconsName, "favicon.svg"];
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name));
    const gz = gzipSync(content, { level: 9 });
    writeFileSync(join(folder, `${name}.gz`), gz);
    writeFileSync(
      join(folder, `${name}.br`),
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    );
    if (firstLoad.includes(name)) bytes += gz.length;
  }
  return bytes;
}

if (out) {
  const sizes = {};
  for (const door of ["portal", "console"]) sizes[door] = await buildDoor(door, join(resolve(out), "www", door));
  const idle = [...texts.french.keys()].filter((key) => !used.has(key));
  if (idle.length > 0) throw new Error(`i18n: no page says ${idle.join(", ")}`);
  // The budget of docs/performance.md: a page on a hospital's slow line.
  const budget = 40 * 1024;
  writeFileSync(join(resolve(out), "sizes.json"), JSON.stringify({ budget, first_load_gzip: sizes }, null, 2) + "\n");
  for (const [door, bytes] of Object.entries(sizes)) {
    console.log(`${door}: first load ${bytes} bytes gzipped (at most ${budget})`);
    if (bytes > budget) throw new Error(`${door}: first load above the budget`);
  }
}
