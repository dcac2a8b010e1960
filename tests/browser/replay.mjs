// The RSSI finds a recording, opens it with reason and key, and watches it; nobody else can. The recordings are those
// of a real ssh and, where there is one, of a real desktop.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, fail, failed, launch, look, open, step } from "./browser.mjs";
import { logIn, shell, sleep } from "./people.mjs";

const { CONSOLE, ECLUSE_ROOT, DESKTOP } = process.env;

/** A request as a page would make it, answered by status and body. */
const ask = (page, path, body) =>
  page.evaluate(
    async ([to, fields]) => {
      const who = await (await fetch("/api/v1/me")).json();
      const answer = await fetch(to, { method: "POST", headers: { "Content-Type": "application/json", "X-Ecluse-Token": who.csrf }, body: JSON.stringify(fields) });
      return { status: answer.status, body: await answer.json().catch(() => ({})) };
    },
    [path, body],
  );

/** What a hostile target may send: a clipboard, a link, a device string, questions, a title, hidden text. */
const hostile = String.raw`printf '\033]52;c;cGlyYXRl\007\033]8;;https://pirate.example/\007lien\033]8;;\007\033P$qm\033\\\033[c\033[6n\033]0;titre\007\033]10;?\007 fin-hostile\n'`;

async function record() {
  const ssh = shell();
  const run = async (line, word) => {
    ssh.type(line);
    return ssh.until(word);
  };
  await ssh.until("enregistrée");
  await run("PS1='$ '; echo pre't'", "pret");
  const times = {};
  times.one = await run("clear; echo repere-un-$((40+2))", "repere-un-42");
  await sleep(6000);
  times.two = await run("clear; echo repere-deux-$((50+2))", "repere-deux-52");
  await run("read -s -p 'Password: ' mot; echo lu-$((60+2))", "\rPassword: ");
  await sleep(1000);
  await run("tres-secret-77", "lu-62");
  await run(hostile, "fin-hostile\r\n");
  times.last = await run("echo repere-trois-$((70+2))", "repere-trois-72");
  ssh.type("exit");
  await ssh.ended;
  return times;
}

const times = await record();
const browser = await launch();
try {
  const rssi = await open(browser, CONSOLE);
  await rssi.goto("/");
  await step("the RSSI logs in", () => logIn(rssi, "m.petit"), rssi);
  await rssi.getByRole("button", { name: "Compris" }).click();
  await step("the recordings are listed", async () => {
    await rssi.getByRole("link", { name: "Enregistrements" }).click();
    await rssi.getByRole("row", { name: /scanner-1/ }).first().getByText("scellé").waitFor();
  }, rssi);
  await look(rssi, "r01-recordings");
  const session = await rssi.getByRole("row", { name: /scanner-1/ }).first().getByRole("link").innerText();
  await rssi.getByRole("link", { name: session }).click();
  await rssi.getByRole("heading", { name: "Ouvrir l’enregistrement" }).waitFor();
  await look(rssi, "r02-locked");

  await step("a hold keeps a recording past its term", async () => {
    await rssi.getByRole("button", { name: "Conserver au-delà du terme" }).click();
    await rssi.getByLabel("Motif").last().fill("plainte 2026-114");
    await look(rssi, "r02-hold", { wide: false });
    await rssi.getByRole("dialog").getByRole("button", { name: "Conserver au-delà du terme" }).click();
    await rssi.getByText("conservé tant que le RSSI ne lève pas la conservation").waitFor();
    await rssi.getByRole("button", { name: "Lever la conservation" }).waitFor();
  }, rssi);
  // clause: WEB:GA4
  await step("the RSSI reviews the hospital's own accounts", async () => {
    await rssi.goto("/revues");
    await rssi.getByText("Aucune revue").waitFor();
    await rssi.getByRole("button", { name: "Revoir le personnel de l’établissement" }).click();
    await rssi.getByRole("dialog").getByRole("button", { name: "Revoir le personnel de l’établissement" }).click();
    await rssi.getByRole("table").getByRole("link").first().click();
    await rssi.getByText("votre compte : une autre personne décide").waitFor();
    await rssi.getByRole("button", { name: /^Garder/ }).first().click();
    await rssi.getByText("gardé", { exact: true }).waitFor();
    await look(rssi, "r04-review");
    await rssi.goto(`/enregistrements/${session}`);
    await rssi.getByRole("heading", { name: "Ouvrir l’enregistrement" }).waitFor();
  }, rssi);
  await step("reason, key and passphrase are all asked for", async () => {
    await rssi.getByRole("button", { name: "Vérifier et ouvrir" }).click();
    await rssi.getByText("Choisissez le fichier de votre clé.").first().waitFor();
    await rssi.getByText("Donnez le motif.").first().waitFor();
  }, rssi);
  await look(rssi, "r02-errors", { wide: false });
  const keys = execFileSync("find", [ECLUSE_ROOT, "-name", "*.p12"], { encoding: "utf8" }).trim().split("\n");
  const p12 = keys.find((path) => path.endsWith("rssi.p12"));
  const openWith = async (page, reason, file, passphrase) => {
    await page.getByLabel("Motif de la consultation").fill(reason);
    if (file) {
      await page.getByLabel(/Votre clé/).setInputFiles(file);
      await page.getByLabel("Phrase de passe de la clé").fill(passphrase);
    }
    await page.getByRole("button", { name: "Vérifier et ouvrir" }).click();
  };
  await step("a wrong passphrase opens nothing, and is not a consultation", async () => {
    await openWith(rssi, "plainte du service, dossier 114", p12, "une autre phrase");
    await rssi.getByText("La phrase de passe n’ouvre pas ce fichier.").waitFor();
    const seen = await ask(rssi, `/api/v1/recordings/${session}/view`, { session: undefined, reason: " " });
    expect(seen.status === 422 || seen.status === 400 || seen.status === 409, `a reason of blanks is refused (${seen.status} ${seen.body.code})`);
  }, rssi);
  await step("the right key opens it, checked before the first picture", async () => {
    await openWith(rssi, "plainte du service, dossier 114", p12, "phrase de passe du RSSI, essai");
    await rssi.getByText("Intègre").waitFor();
    await rssi.getByText("Personne avant vous.").waitFor();
  }, rssi);
  const stage = rssi.getByRole("group", { name: "Écran enregistré" });
  const shownAt = async (ms) => {
    await rssi.getByLabel("Position").evaluate((input, value) => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, String(value));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, ms);
    await rssi.waitForFunction((value) => Math.abs(Number(document.querySelector(".stage").dataset.shown) - value) <= 100, Math.round(ms));
    await rssi.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return (await rssi.locator(".xterm-rows").innerText()).replace(/\u00a0/g, " ");
  };
  const started = await rssi.evaluate(async (id) => Date.parse((await (await fetch(`/api/v1/recordings/${id}`)).json()).started_at), session);
  const length = Number(await rssi.getByLabel("Position").getAttribute("max"));
  await step("at a time, the text that the screen showed at that time, forwards and backwards", async () => {
    // The list's start is in whole seconds; the marks are six apart.
    const one = await shownAt(times.one - started + 2000);
    expect(one.includes("repere-un-42") && !one.includes("repere-deux"), "two seconds after the first mark");
    const last = await shownAt(length);
    expect(last.includes("repere-trois-72") && last.includes("fin-hostile") && !last.includes("repere-un"), "at the end");
    const back = await shownAt(times.one - started + 2500);
    expect(back.includes("repere-un-42") && !back.includes("repere-deux"), "back again");
  }, rssi);
  await step("a terminal's tricks do nothing", async () => {
    await rssi.evaluate(() => navigator.clipboard.writeText("mien"));
    await shownAt(length);
    expect((await rssi.evaluate(() => navigator.clipboard.readText())) === "mien", "the clipboard is the reader's own");
    expect((await rssi.locator(".stage a").count()) === 0, "no link");
    expect(!(await rssi.title()).includes("titre"), "no title");
    await rssi.locator(".xterm-rows").getByText("lien").first().hover({ force: true });
    expect((await rssi.locator(".stage [title*=pirate], .stage [href*=pirate]").count()) === 0, "no address of theirs to follow");
  }, rssi);
  await step("what was typed without echo is one dot, everywhere", async () => {
    const page = await rssi.content();
    expect(!page.includes("tres-secret-77"), "not in the page");
    const timeline = await rssi.getByRole("list").filter({ hasText: "frappe" }).innerText();
    expect(/\u2022/.test(timeline) && timeline.includes("echo repere-un-$((40+2))"), "the timeline has what was typed, and a dot");
  }, rssi);
  await look(rssi, "r02-terminal");
  await step("a bookmark is a reader's own words at a moment, kept, told on the timeline and reached from it", async () => {
    await shownAt(2000);
    await rssi.getByRole("button", { name: "Poser un repère" }).click();
    await rssi.getByText("Écrivez une note.").first().waitFor();
    await stage.focus();
    await rssi.keyboard.press("b");
    await rssi.keyboard.type("à revoir avec <b>l’équipe</b> réseau");
    await rssi.keyboard.press("Enter");
    await rssi.locator(".bookmarks").getByText("à revoir avec <b>l’équipe</b> réseau").waitFor();
    await rssi.getByLabel("Type", { exact: true }).selectOption("bookmark");
    await rssi.locator(".timeline").getByText("à revoir avec").waitFor();
    await rssi.getByLabel("Type", { exact: true }).selectOption("");
    await shownAt(length);
    await rssi.locator(".bookmarks").getByRole("button", { name: /à revoir/ }).click();
    await rssi.waitForFunction(() => Math.abs(Number(document.querySelector(".stage").dataset.shown) - 2000) <= 100);
    const journal = await rssi.evaluate(async (id) => await (await fetch(`/api/v1/journal?object=${id}`)).text(), session);
    expect(journal.includes("recording.bookmarked") && !journal.includes("à revoir avec"), "the journal has who and when, not the words");
  }, rssi);
  await step("the curve says in words when something happened; titles and commands have their kind", async () => {
    const words = await rssi.locator(".curve figcaption").innerText();
    expect(/frappes, le plus à/.test(words) && /L’écran change le plus à/.test(words), words);
    await rssi.getByLabel("Type", { exact: true }).selectOption("title");
    await rssi.locator(".timeline").getByText("titre", { exact: true }).last().waitFor();
    await rssi.getByLabel("Type", { exact: true }).selectOption("");
  }, rssi);
  await look(rssi, "r02-bookmark");
  await step("it plays, faster, and skips idle time", async () => {
    await shownAt(0);
    await rssi.getByLabel("Vitesse").selectOption("16");
    await rssi.getByRole("button", { name: "Lire", exact: true }).click();
    await rssi.waitForFunction((end) => Number(document.querySelector(".stage").dataset.shown) >= end, Math.floor(length) - 100);
    await rssi.getByRole("button", { name: "Lire", exact: true }).waitFor();
  }, rssi);
  await step("by the keyboard alone: next event, ten seconds, beginning, end", async () => {
    await stage.focus();
    const at = () => rssi.evaluate(() => Number(document.querySelector(".stage").dataset.shown));
    const becomes = (test, text) => rssi.waitForFunction(test).then(() => expect(true, text));
    await rssi.keyboard.press("Home");
    await becomes(() => document.querySelector(".stage").dataset.shown === "0", "Home goes to the beginning");
    await rssi.keyboard.press("n");
    await becomes(() => Number(document.querySelector(".stage").dataset.shown) > 0, "n goes to the next event");
    await rssi.keyboard.press("End");
    await rssi.waitForFunction((end) => Number(document.querySelector(".stage").dataset.shown) >= end, Math.floor(length) - 100);
    const end = await at();
    await rssi.keyboard.press("ArrowLeft");
    await rssi.waitForFunction((before) => Number(document.querySelector(".stage").dataset.shown) < before, end - 9000 > 0 ? end - 9000 : 1);
    expect(true, "the left arrow goes ten seconds back");
  }, rssi);
  await step("the timeline filters, and goes where it says", async () => {
    await rssi.getByLabel("Type").selectOption("typed");
    await rssi.getByRole("button", { name: /repere-deux/ }).first().click();
    await rssi.waitForFunction(() => [...document.querySelectorAll(".timeline [aria-current]")].some((one) => one.textContent.includes("repere-deux")));
  }, rssi);

  await step("the key stays for the next recording; the reason is asked again, and who looked is said", async () => {
    await rssi.getByRole("link", { name: "Enregistrements" }).click();
    await rssi.getByRole("link", { name: session }).click();
    await rssi.getByText("Votre clé est ouverte").waitFor();
    await openWith(rssi, "seconde lecture");
    await rssi.getByText("Marc Petit : plainte du service, dossier 114").waitFor();
  }, rssi);

  if (DESKTOP === "yes") {
    await step("a desktop is watched as a video, at any moment", async () => {
      await rssi.getByRole("link", { name: "Enregistrements" }).click();
      await rssi.getByRole("row", { name: /poste-1/ }).getByRole("link").click();
      await openWith(rssi, "contrôle du bureau");
      await rssi.locator("video").waitFor();
      const end = Number(await rssi.getByLabel("Position").getAttribute("max"));
      const brightness = async (ms) => {
        await rssi.getByLabel("Position").evaluate((input, value) => {
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, String(value));
          input.dispatchEvent(new Event("input", { bubbles: true }));
        }, ms);
        await rssi.waitForFunction((value) => Math.abs(Number(document.querySelector(".stage").dataset.shown) - value) <= 100, ms);
        return rssi.evaluate(() => {
          const video = document.querySelector("video");
          const canvas = document.createElement("canvas");
          canvas.width = video.videoWidth;
          canvas.height = video.videoHeight;
          const context = canvas.getContext("2d");
          context.drawImage(video, 0, 0);
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          let bright = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i] > 200 && data[i + 1] > 200) bright++;
          return { share: bright / (data.length / 4), width: canvas.width, height: canvas.height };
        });
      };
      const late = await brightness(end - 500);
      expect(late.width === 1280 && late.height === 800, `a picture of ${late.width}x${late.height}`);
      expect(late.share > 0.02, `the desktop is on it (${late.share.toFixed(3)} of it is bright)`);
      await brightness(Math.round(end / 2));
      await brightness(end - 500);
      await rssi.locator(".timeline").getByText(/repere-bureau/).first().waitFor();
    }, rssi);
    await look(rssi, "r02-desktop");
  }

  let search;
  const find = async (words) => {
    await rssi.getByRole("searchbox", { name: "Mots" }).fill(words);
    const answer = rssi.waitForResponse((one) => one.url().endsWith("/find"));
    await rssi.keyboard.press("Enter");
    return (await (await answer).json()).sessions;
  };
  await step("a search is opened with a reason, by the key that is already there, and reads every session", async () => {
    await rssi.getByRole("link", { name: "Recherche", exact: true }).click();
    await rssi.getByText("Votre clé est ouverte").waitFor();
    await look(rssi, "r01-search-locked", { wide: false });
    await rssi.getByLabel("Motif de la consultation").fill("plainte du service, dossier 114");
    const answer = rssi.waitForResponse((one) => one.url().endsWith("/api/v1/searches"));
    await rssi.getByRole("button", { name: "Ouvrir la recherche" }).click();
    search = (await (await answer).json()).search;
    await rssi.locator("[data-index=read]").getByText(/sessions lues/).waitFor();
  }, rssi);
  await step("words typed and shown are found without case and accents; hidden ones are not, nor do odd ones break it", async () => {
    expect((await find("tres-secret-77")).length === 0, "what was typed without echo");
    await rssi.getByText("Rien ne correspond").waitFor();
    expect((await find('"*( OR ^')).length === 0, "no syntax error");
    expect((await find("REPÈRE-TROIS-72")).some((one) => one.session === session), "the last mark");
    const found = await find("REPERE-DEUX-52");
    expect(found.length === 1 && found[0].session === session, "the second mark, in its session");
    await rssi.locator(`[data-session="${session}"] mark`).first().waitFor();
  }, rssi);
  await look(rssi, "r01-search");
  await step("a hit opens the replay at its second", async () => {
    await rssi.locator(`[data-session="${session}"] a.clock`).first().click();
    await openWith(rssi, "résultat de la recherche");
    await rssi.waitForFunction(() => Number(document.querySelector(".stage")?.dataset.shown) > 0);
    const at = await rssi.evaluate(() => Number(document.querySelector(".stage").dataset.shown));
    expect(!(await shownAt(Math.max(0, at - 1500))).includes("repere-deux-52"), `not before it (${at} ms)`);
    expect((await shownAt(at + 2000)).includes("repere-deux-52"), "two seconds on, it is on the screen");
    await rssi.getByRole("link", { name: "Recherche", exact: true }).click();
    expect((await find("repere-un-42")).length === 1, "back again, the search is still open");
  }, rssi);

  const dsi = await open(browser, CONSOLE);
  await step("the IT department may not, by page or by request", async () => {
    await dsi.goto("/");
    await logIn(dsi, "c.leroy");
    expect((await dsi.getByRole("link", { name: "Enregistrements" }).count()) === 0, "no entry");
    const refused = await ask(dsi, `/api/v1/recordings/${session}/view`, { reason: "curiosité" });
    expect(refused.status === 403 && refused.body.code === "E-DRT-01", `refused: ${refused.status} ${refused.body.code}`);
    expect((await dsi.getByRole("link", { name: "Recherche", exact: true }).count()) === 0, "no entry to the search");
    for (const [path, body] of [["/api/v1/searches", { reason: "curiosité" }], [`/api/v1/searches/${search}/find`, { words: "repere" }]]) {
      const search_refused = await ask(dsi, path, body);
      expect(search_refused.status === 403 && search_refused.body.code === "E-DRT-01", `refused: ${search_refused.status} ${search_refused.body.code}`);
    }
  }, dsi);

  await step("another recording's key, and a view of somebody else, open nothing", async () => {
    const mine = await ask(rssi, `/api/v1/recordings/${session}/view`, { reason: "essai" });
    const wrong = await ask(rssi, `/api/v1/views/${mine.body.view}/watch`, { key: Buffer.alloc(32, 7).toString("base64"), from: 0 });
    expect(wrong.body.code === "E-SAI-01", `another key: ${wrong.status} ${wrong.body.code}`);
    const stranger = await ask(dsi, `/api/v1/views/${mine.body.view}/watch`, { key: Buffer.alloc(32, 7).toString("base64"), from: 0 });
    expect(stranger.body.code === "E-DRT-01", `not the RSSI: ${stranger.status} ${stranger.body.code}`);
  }, rssi);
  await step("the stored files say nothing, not even to root", async () => {
    const found = filesWith(["repere-un-42", "tres-secret-77", "fin-hostile"]);
    expect(found === "", `clear text on the gateway's disk: ${found || "none"}`);
  });
  await step("a bookmark belongs to the view of a reader: nobody else lists or adds one", async () => {
    const mine = (await ask(rssi, `/api/v1/recordings/${session}/view`, { reason: "essai" })).body;
    expect(mine.bookmarks.length === 1 && mine.bookmarks[0].name === "Marc Petit", "it came with the next view");
    const refused = await ask(dsi, `/api/v1/views/${mine.view}/bookmarks`, { at_ms: 1, note: "curieux" });
    expect(refused.status === 403 && refused.body.code === "E-DRT-01", `refused: ${refused.status} ${refused.body.code}`);
    const other = await ask(rssi, `/api/v1/views/V-0000/bookmarks`, { at_ms: 1, note: "ailleurs" });
    expect(other.status === 404, `no view, no bookmark: ${other.status} ${other.body.code}`);
    const blank = await ask(rssi, `/api/v1/views/${mine.view}/bookmarks`, { at_ms: 1, note: "  " });
    expect(blank.body.code === "E-SAI-01", `blanks are no note: ${blank.body.code}`);
    const removed = await ask(rssi, `/api/v1/views/${mine.view}/bookmarks/${mine.bookmarks[0].bookmark}/remove`, {});
    expect(removed.status === 200, `removed: ${removed.status}`);
    const again = await ask(rssi, `/api/v1/views/${mine.view}/bookmarks/${mine.bookmarks[0].bookmark}/remove`, {});
    expect(again.body.code === "E-SAI-01", `once: ${again.body.code}`);
  }, rssi);
  await step("who looked, why, and at what, is in the journal", async () => {
    const journal = await rssi.evaluate(async (id) => (await (await fetch(`/api/v1/journal?object=${id}`)).json()).rows, session);
    expect(journal.filter((row) => row.type === "recording.opened").some((row) => row.reason === "plainte du service, dossier 114"), "the reason");
    const searched = await rssi.evaluate(async () => await (await fetch("/api/v1/journal?type=recording.searched")).text());
    expect(searched.includes("plainte du service, dossier 114") && !/repere|REPERE/.test(searched), "the search and its reason, not its words");
    expect(journal.some((row) => row.type === "recording.viewed" && row.to_ms >= row.from_ms), "the moments");
  }, rssi);
  await step("logging out forgets the key", async () => {
    await rssi.getByRole("button", { name: "Se déconnecter" }).click();
    await rssi.getByRole("heading", { level: 1, name: "Connexion à la console" }).waitFor();
    await sleep(2500);
    await logIn(rssi, "m.petit");
    await rssi.getByRole("link", { name: "Enregistrements" }).click();
    await rssi.getByRole("link", { name: session }).click();
    await rssi.getByLabel(/Votre clé/).waitFor();
    const over = await ask(rssi, `/api/v1/searches/${search}/find`, { words: "repere" });
    expect(over.body.code === "E-RCH-02", `the search went with the login: ${over.body.code}`);
  }, rssi);
  await step("one changed byte: it is said where, and nothing is shown", async () => {
    const folder = execFileSync("find", [ECLUSE_ROOT, "-type", "d", "-name", session], { encoding: "utf8" }).trim().split("\n")[0];
    const path = join(folder, "record.bin");
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(path, bytes);
    await openWith(rssi, "contrôle", p12, "phrase de passe du RSSI, essai");
    await rssi.getByText("Enregistrement altéré").waitFor();
    await rssi.getByText("record.bin").first().waitFor();
    expect((await rssi.locator(".stage").count()) === 0, "no player");
  }, rssi);
  await look(rssi, "r02-altered");
} catch (error) {
  fail(error.message);
} finally {
  await browser.close();
}
if (failed() > 0) {
  console.error(`${failed()} failed`);
  process.exit(1);
}

/** Names of the gateway's own files that hold one of these words. */
function filesWith(words) {
  const folders = readdirSync(ECLUSE_ROOT).filter((name) => !["browser", "target", "people"].includes(name)).map((name) => join(ECLUSE_ROOT, name));
  try {
    return execFileSync("grep", ["-rlaF", ...words.flatMap((word) => ["-e", word]), ...folders], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
