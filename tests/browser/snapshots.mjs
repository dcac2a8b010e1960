// A page's terminals on the pieces of one recording: one is shown moments out of order, which makes it begin at
// snapshots; another is given everything from the beginning. The last line is what was found.
import { createRequire } from "node:module";
import { join } from "node:path";

const { PAGE, NODE_PATH, FACTS } = process.env;
const { chromium } = createRequire(join(NODE_PATH, "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  await page.goto(PAGE);
  await page.waitForFunction(() => globalThis.TerminalPicture);
  const found = await page.evaluate(async ({ every }) => {
    const first = await (await fetch("/api/v1/views/V/watch", { method: "POST", body: JSON.stringify({ from: 0 }) })).json();
    const { frames, snapshots, columns, rows } = first;
    let wrong = 0;
    await new SnapshotProof(frames, columns, rows).run(snapshots, () => wrong++);
    // From behind: each moment begins anew, at the last snapshot before it.
    const picture = new TerminalPicture(document.querySelector("#stage"), frames, snapshots, columns, rows, "écran");
    const moments = frames.map(([us]) => us / 1000).filter((_, i) => i % every === 0).reverse();
    let differing = 0;
    for (const at of moments) {
      await picture.show(at);
      const whole = inertTerminal(columns, rows);
      await writeFrames(whole, frames, 0, framesUntil(frames, at * 1000));
      if (!sameScreen(whole, picture.terminal)) differing++;
      whole.dispose();
    }
    return { bytes: frames.reduce((sum, [, kind, text]) => sum + (kind === "o" ? text.length : 0), 0), snapshots: snapshots.length, wrong, moments: moments.length, differing };
  }, JSON.parse(FACTS));
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
