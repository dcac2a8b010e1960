// Random seconds of one recording, in Chromium, by the page's own code. Each is opened in a terminal of its own, with
// snapshots and without; of a desktop, the requests of each seek are counted. The last line is what was found.
import { createRequire } from "node:module";
import { join } from "node:path";

const { PAGE, NODE_PATH, FACTS } = process.env;
const facts = JSON.parse(FACTS);
const { chromium } = createRequire(join(NODE_PATH, "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });

/** The same seconds in every run. */
let seed = 20261128;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const seconds = Array.from({ length: facts.seconds }, random);

try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  await page.goto(PAGE);
  await page.waitForFunction(() => globalThis.TerminalPicture);
  const run = facts.what === "terminal" ? terminals : desktop;
  console.log(JSON.stringify(await page.evaluate(run, seconds)));
} finally {
  await browser.close();
}

async function terminals(places) {
  const first = await (await fetch("/api/v1/views/V/watch", { method: "POST", body: JSON.stringify({ from: 0 }) })).json();
  const { frames, snapshots, columns, rows, length_ms } = first;
  for (let next = first.next; next !== null; ) {
    const piece = await (await fetch("/api/v1/views/V/watch", { method: "POST", body: JSON.stringify({ from: next }) })).json();
    frames.push(...piece.frames);
    next = piece.next;
  }
  const stage = document.querySelector("#stage");
  const show = async (from, at) => {
    const picture = new TerminalPicture(stage, frames, from, columns, rows, "écran");
    const began = performance.now();
    await picture.show(at);
    const ms = performance.now() - began;
    picture.dispose();
    stage.replaceChildren();
    return ms;
  };
  await show(snapshots, length_ms / 2); // both ways once, unmeasured
  await show([], length_ms / 2);
  const seeks = [];
  for (const place of places) seeks.push({ opened: await show(snapshots, place * length_ms), replayed: await show([], place * length_ms) });
  const size = (texts) => texts.reduce((sum, text) => sum + text.length, 0);
  return { bytes: size(frames.filter(([, kind]) => kind === "o").map(([, , text]) => text)), length_s: length_ms / 1000, snapshots: snapshots.length, snapshot_bytes: size(snapshots.map(([, , , text]) => text)), seeks };
}

async function desktop(places) {
  const { video, length_ms } = await (await fetch("/api/v1/views/V/watch", { method: "POST", body: JSON.stringify({ from: 0 }) })).json();
  let requests = 0;
  const asked = globalThis.fetch;
  globalThis.fetch = (...words) => (requests++, asked(...words));
  const picture = new VideoPicture(document.querySelector("#video"), video, length_ms, "V", "K");
  const seeks = [];
  for (const place of places) {
    requests = 0;
    const began = performance.now();
    await picture.show(place * length_ms);
    const ms = performance.now() - began;
    await new Promise((done) => setTimeout(done, 500)); // what it fetches ahead counts too
    seeks.push({ ms, requests });
  }
  return { length_s: length_ms / 1000, seeks };
}
