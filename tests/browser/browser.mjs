// Chromium for the tests: what every page is held to (no CSP violation, no error, axe-core's rules in both
// schemes), people's pockets (TOTP), and steps that fail with a picture.
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.env.NODE_PATH;
const require = createRequire(join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const out = process.env.OUT;
mkdirSync(out, { recursive: true });

let failures = 0;
export const failed = () => failures;
export function fail(text) {
  failures++;
  console.error(`✗ ${text}`);
}
export const ok = (text) => console.log(`✓ ${text}`);
export function expect(truth, text) {
  if (truth) ok(text);
  else fail(text);
}

/** A code of an authenticator that was not used yet: one step early, now, one step late, then wait. */
const lastStep = new Map();
export async function totp(secret) {
  let bits = "";
  for (const letter of secret.replace(/[\s=]/g, "")) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  for (;;) {
    const now = Math.floor(Date.now() / 30_000);
    const step = Math.max(now - 1, (lastStep.get(secret) ?? 0) + 1);
    if (step <= now + 1) {
      lastStep.set(secret, step);
      const counter = Buffer.alloc(8);
      counter.writeBigUInt64BE(BigInt(step));
      const digest = createHmac("sha1", key).update(counter).digest();
      const at = digest[19] & 15;
      return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
    }
    await new Promise((done) => setTimeout(done, 500));
  }
}
/** Codes that eclusectl's helpers have used before this story. */
export const usedUntil = (secret, step) => lastStep.set(secret, step);

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** A person's browser at one door. */
export async function open(browser, base, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: base, locale: "fr-FR", viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  await context.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  });
  const page = await context.newPage();
  // A browser that shares two cores with builds and desktops is slow, not wrong.
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => fail(`script error at ${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Trusted/i.test(message.text())) fail(`at ${page.url()}: ${message.text()}`);
  });
  return page;
}

/** axe-core in light and dark, a picture of each, and nothing that the policy forbade. */
export async function look(page, name, { wide = true } = {}) {
  await page.waitForFunction(() => !document.querySelector("main .loading"));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary ?? ""}`).join(" | ")}`);
    });
    for (const violation of found) fail(`axe, ${name} ${scheme}: ${violation}`);
    await page.screenshot({ path: join(out, `${name}-${scheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  const broken = await page.evaluate(() => globalThis.violations);
  for (const one of broken) fail(`CSP, ${name}: ${one}`);
  const title = await page.title();
  const headings = await page.locator("h1").count();
  expect(headings === 1 && title.includes("Écluse"), `${name}: one h1, title “${title}”`);
  if (!wide) return;
  // 320 CSS pixels: nothing is cut and nothing scrolls sideways.
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 800 });
  await page.waitForTimeout(100);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (sideways > 0) fail(`${name}: ${sideways} px too wide at 320 px`);
  await page.screenshot({ path: join(out, `${name}-320.png`), fullPage: true });
  await page.setViewportSize(before);
}

export async function step(text, act, page) {
  try {
    const value = await act();
    ok(text);
    return value;
  } catch (error) {
    if (page) {
      await page.screenshot({ path: join(out, "failed.png"), fullPage: true }).catch(() => {});
      writeFileSync(join(out, "failed.txt"), await page.locator("body").innerText().catch(() => ""));
    }
    throw new Error(`${text}: ${error.message}`, { cause: error });
  }
}
