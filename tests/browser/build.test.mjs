// build.test.mjs BUILD UI: what the pages' build promises, on what it made.
import assert from "node:assert";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const [build, ui] = process.argv.slice(2);
const { budget, first_load_gzip } = JSON.parse(readFileSync(join(build, "sizes.json"), "utf8"));
assert.equal(budget, 40 * 1024);
for (const door of ["portal", "console"]) {
  const folder = join(build, "www", door);
  const names = readdirSync(folder);
  const index = readFileSync(join(folder, "index.html"), "utf8");
  assert.ok(first_load_gzip[door] <= budget, `${door}: ${first_load_gzip[door]} bytes`);
  assert.ok(!/<style|style=|<script(?![^>]* src=)| on\w+=/.test(index), `${door}: nothing inline`);
  for (const [, path] of index.matchAll(/(?:src|href|data-\w+)="\/([^"]+)"/g)) assert.ok(names.includes(path), `${door}: ${path} is there`);
  for (const name of names.filter((one) => !/\.(gz|br)$/.test(one))) {
    assert.ok(name === "index.html" || name === "favicon.svg" || /-[A-Z2-7]{8}\.\w+$/.test(name), `${name} has its content in its name`);
    const plain = readFileSync(join(folder, name));
    assert.deepEqual(gunzipSync(readFileSync(join(folder, `${name}.gz`))), plain, `${name}.gz`);
    assert.ok(names.includes(`${name}.br`), `${name}.br`);
    if (/\.js$/.test(name)) assert.ok(!/innerHTML|dangerouslySetInnerHTML=|eval\(|https?:\/\/(?!www\.w3\.org)/.test(plain.toString().replace(/dangerouslySetInnerHTML|\.innerHTML/g, "")), `${name}: no sink and no address elsewhere`);
  }
}
// The portal's files know no request that only the console may make.
const only_console = readFileSync(join(ui, "../routes.tsv"), "utf8").split("\n").filter((row) => row.startsWith("console\t")).map((row) => row.split("\t")[3]);
const portal = readdirSync(join(build, "www/portal")).filter((name) => name.endsWith(".js")).map((name) => readFileSync(join(build, "www/portal", name), "utf8")).join("\n");
for (const request of only_console) assert.ok(!portal.includes(`"${request}"`), `the portal does not name ${request}`);

// The catalogue stops the build on each fault that it promises to find.
const { readTexts } = await import(pathToFileURL(join(ui, "texts.mjs")));
const folder = mkdtempSync(join(tmpdir(), "ecluse-texts."));
try {
  const write = (name, texts) => writeFileSync(join(folder, `web.${name}.json`), `{\n${texts.map(([key, text]) => `  ${JSON.stringify(key)}: ${JSON.stringify(text)}`).join(",\n")}\n}\n`);
  const refused = (fr, en, why) => {
    write("fr", fr);
    write("en", en);
    assert.throws(() => readTexts(folder), why);
  };
  write("fr", [["a.b", "Durée\u00a0: {n}"]]);
  write("en", [["a.b", "Length: {n}"]]);
  readTexts(folder);
  refused([["a.b", "x"]], [], /not in web\.en\.json/);
  refused([], [["a.b", "x"]], /not in web\.fr\.json/);
  refused([["a.b", "x {n}"]], [["a.b", "x {m}"]], /has holes/);
  refused([["A b", "x"]], [["A b", "x"]], /is not a key/);
  refused([["a.b", "x"], ["a.a", "y"]], [["a.a", "x"], ["a.b", "y"]], /not in order/);
  refused([["a.b", "Durée : 1"]], [["a.b", "Length: 1"]], /may break before a mark/);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

// The proof of work's SHA-256 is SHA-256, whatever the length of what comes before.
const esbuild = createRequire(join(ui, "x.js"))("esbuild");
const { outputFiles } = await esbuild.build({ entryPoints: [join(ui, "src/lib/sha256.ts")], bundle: true, format: "esm", write: false });
const { Sha256After } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
for (let length = 0; length < 140; length++)
  for (const ending of ["", "7", "1234567", "9".repeat(20)]) {
    const hex = [...new Sha256After("e".repeat(length)).digest(ending)].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
    assert.equal(hex, createHash("sha256").update("e".repeat(length) + ending).digest("hex"));
  }
console.log("the pages' build keeps its promises");
