// The DSI and the RSSI watch a real ssh session in the console while it happens and, where there is one, a real
// desktop. The technician reads it on the session's own screen; the view ends with the right to it.
import { expect, failed, launch, look, open, step } from "./browser.mjs";
import { logIn, shell, sleep } from "./people.mjs";

const { CONSOLE, DESKTOP } = process.env;
const screenOf = (page) => page.locator(".stage .xterm-rows").first();
const shows = (page, word) => screenOf(page).getByText(word).first().waitFor();

const ssh = shell();
await ssh.until("enregistrée");
ssh.type("PS1='$ '; echo avant-$((40+2))");
await ssh.until("avant-42");
const browser = await launch();
try {
  const dsi = await open(browser, CONSOLE);
  await dsi.goto("/");
  await step("the DSI logs in", () => logIn(dsi, "c.leroy"), dsi);
  await dsi.getByRole("button", { name: "Compris" }).click();
  await dsi.getByRole("link", { name: "Sessions", exact: true }).click();
  const row = dsi.getByRole("row", { name: /scanner-1/ }).first();
  await row.waitFor();
  const session = (await row.getByRole("link").first().getAttribute("href")).split("/").at(-1);
  await look(dsi, "v01-sessions");
  await step("the session's page says what watching means before it is done", async () => {
    await row.getByRole("link").first().click();
    await dsi.getByText("Personne n’observe en ce moment.").waitFor();
    expect(!ssh.said().includes("observée"), "nobody is told before");
  }, dsi);
  await look(dsi, "v02-before");
  await step("by the keyboard alone, what was on the screen before comes first", async () => {
    const watch = dsi.getByRole("button", { name: "Observer" });
    await watch.focus();
    await dsi.keyboard.press("Enter");
    await shows(dsi, "avant-42");
  }, dsi);
  await step("the technician is told", () => ssh.until("Session observée par l’établissement."), dsi);
  await step("what is typed over real ssh appears on the page", async () => {
    ssh.type("echo maintenant-$((50+2))");
    await shows(dsi, "maintenant-52");
  }, dsi);
  await step("what is hidden stays hidden", async () => {
    ssh.type("read -s -p 'Mot de passe: ' mot; echo; echo lu-$((60+2))");
    await shows(dsi, "Mot de passe:");
    ssh.type("tres-secret-77");
    await shows(dsi, "lu-62");
    expect(!(await dsi.locator("body").innerText()).includes("tres-secret-77"), "the password is not on the page");
  }, dsi);
  await look(dsi, "v03-live");

  const rssi = await open(browser, CONSOLE);
  await step("the RSSI watches too, and each sees the other", async () => {
    await rssi.goto("/");
    await logIn(rssi, "m.petit");
    await rssi.getByRole("button", { name: "Compris" }).click();
    await rssi.goto(`/sessions/${session}?direct=1`);
    await shows(rssi, "maintenant-52");
    await rssi.getByText("Claire Leroy").first().waitFor();
    await dsi.getByText("Marc Petit").first().waitFor();
  }, rssi);
  await step("a message goes to the technician from the same page", async () => {
    await dsi.getByRole("button", { name: "Message" }).click();
    await dsi.getByRole("dialog").getByLabel("Texte").fill("rappelez la DSI");
    await dsi.getByRole("dialog").getByRole("button", { name: "Envoyer" }).click();
    await ssh.until("rappelez la DSI");
  }, dsi);
  await step("the view ends with the login that opened it", async () => {
    const answer = await rssi.evaluate(async () => {
      const who = await (await fetch("/api/v1/me")).json();
      const out = await fetch("/api/v1/logout", { method: "POST", headers: { "Content-Type": "application/json", "X-Ecluse-Token": who.csrf }, body: "{}" });
      return out.status;
    });
    expect(answer === 200, "logged out behind the page's back");
    await rssi.waitForFunction(() => !document.querySelector("[data-live=live]"));
    ssh.type("echo apres-$((70+2))");
    await shows(dsi, "apres-72");
    expect(!(await rssi.locator("body").innerText()).includes("apres-72"), "nothing more is shown to who left");
  }, rssi);
  await step("a script of another site cannot open the view, nor somebody who is not logged in", async () => {
    const stranger = await open(browser, CONSOLE);
    await stranger.goto("/");
    const refused = await stranger.evaluate(
      (id) =>
        new Promise((done) => {
          const socket = new WebSocket(`wss://${location.host}/api/v1/sessions/${id}/watch`);
          socket.onopen = () => done(false);
          socket.onclose = () => done(true);
        }),
      session,
    );
    expect(refused, "no login, no view");
  }, dsi);

  if (DESKTOP === "yes")
    await step("a desktop is watched as a video", async () => {
      const other = await dsi.context().newPage();
      await other.goto("/sessions");
      await other.getByRole("row", { name: /poste-1/ }).first().getByRole("link", { name: /Observer/ }).click();
      const colour = () =>
        other.evaluate(() => {
          const video = document.querySelector("video");
          if (!video?.videoWidth || video.readyState < 2) return "";
          const canvas = document.createElement("canvas");
          canvas.width = video.videoWidth;
          canvas.height = video.videoHeight;
          const context = canvas.getContext("2d");
          context.drawImage(video, 0, 0);
          return [...context.getImageData(800, 540, 1, 1).data.slice(0, 3)].join();
        });
      let seen = "";
      for (let i = 0; i < 300 && !near(seen, [248, 248, 240]); i++) {
        await sleep(100);
        seen = await colour();
      }
      expect(near(seen, [248, 248, 240]), `the desktop's own colour at its place (${seen})`);
      await look(other, "v04-desktop");
      await other.getByRole("button", { name: "Arrêter l’observation" }).click();
      await other.close();
    }, dsi);

  await step("the cut is at hand, with its reason, and the page says that the session has ended", async () => {
    await dsi.getByRole("button", { name: /^Couper/ }).click();
    await dsi.getByRole("dialog").getByLabel("Motif").fill("action non prévue");
    await dsi.getByRole("dialog").getByRole("button", { name: "Couper la session" }).click();
    await dsi.getByText("La session est terminée.").first().waitFor();
    await ssh.until("action non prévue");
    await ssh.ended;
  }, dsi);
  await look(dsi, "v05-ended");
} finally {
  await browser.close();
}
if (failed() > 0) {
  console.error(`${failed()} failures`);
  process.exit(1);
}

/** H.264 keeps colours nearly. */
function near(text, wanted) {
  const found = text.split(",").map(Number);
  return found.length === 3 && found.every((value, i) => Math.abs(value - wanted[i]) <= 12);
}
