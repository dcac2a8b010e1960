// The RSSI draws sessions by lot, looks at each, signs and prints; an auditor limited to one vendor sees that part only,
// until the RSSI takes the role back under an open page. The sessions are those of a real ssh.
// clause: HDS:EXI-19 HDS:EXI-18 CLAUSIER:O-12.3.7
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, fail, failed, launch, look, open, step } from "./browser.mjs";
import { code, logIn, pocket, shell, sleep } from "./people.mjs";

const { CONSOLE, OUT } = process.env;

async function record(mark) {
  const ssh = shell();
  await ssh.until("enregistrée");
  ssh.type(`echo repere-${mark}-$((40+2))`);
  await ssh.until(`repere-${mark}-42`);
  ssh.type("exit");
  await ssh.ended;
}

/** Last login and notices are shown once, when there are some. */
async function understood(page) {
  const button = page.getByRole("button", { name: "Compris" });
  if (await button.isVisible()) await button.click();
}

await record("un");
const browser = await launch();
try {
  const rssi = await open(browser, CONSOLE);
  await rssi.goto("/");
  await step("the RSSI logs in", () => logIn(rssi, "m.petit"), rssi);
  await understood(rssi);
  await step("nothing was audited yet; the page says when it is due", async () => {
    await rssi.getByRole("link", { name: "Audits" }).click();
    await rssi.getByText("Aucun audit").waitFor();
    await rssi.getByText(/Prochain audit à signer avant le/).waitFor();
  }, rssi);
  await look(rssi, "r05-audits-empty");
  await step("a draw wants a number, and a period that is over", async () => {
    await rssi.getByRole("button", { name: "Tirer un échantillon" }).click();
    const dialog = rssi.getByRole("dialog");
    await dialog.getByLabel("Nombre de sessions").fill("0");
    await dialog.getByLabel("jusqu’au").fill("2090-01-01T00:00");
    await dialog.getByRole("button", { name: "Tirer un échantillon" }).click();
    await dialog.getByText("Un nombre : 1 à 500 sessions").first().waitFor();
    await dialog.getByText("La fin vient après le début").first().waitFor();
    await look(rssi, "r05-draw-errors", { wide: false });
    await dialog.getByRole("button", { name: "Annuler" }).click();
  }, rssi);
  await step("the gateway draws: the page of the audit shows the sessions and the seed", async () => {
    // The period ends at a whole minute: the session before it is inside.
    await sleep(60_000 - (Date.now() % 60_000) + 500);
    await rssi.getByRole("button", { name: "Tirer un échantillon" }).click();
    await rssi.getByRole("dialog").getByRole("button", { name: "Tirer un échantillon" }).click();
    await rssi.getByRole("heading", { level: 1, name: /^Audit U-/ }).waitFor();
    await rssi.getByText("Sessions à examiner : 1").waitFor();
    expect(/^[0-9a-f]{64}$/.test(await rssi.locator("dd code").first().innerText()), "the seed");
  }, rssi);
  const audit = (await rssi.getByRole("heading", { level: 1 }).innerText()).split(" ")[1];
  await step("each point is answered, and a gap explained", async () => {
    await rssi.getByRole("button", { name: /^Examiner/ }).click();
    const dialog = rssi.getByRole("dialog");
    await dialog.getByRole("button", { name: "Examiner" }).click();
    await dialog.getByText("Dites ce qu’il en est de chaque point.").first().waitFor();
    for (const point of ["Enregistrement complet et vérifié", "Conforme à l’objet du créneau", "Compte rendu fidèle", "Sans anomalie"])
      await dialog.getByRole("group", { name: point }).getByLabel("conforme").check();
    await dialog.getByRole("group", { name: "Commandes et transferts annoncés" }).getByLabel("écart").check();
    await dialog.getByRole("button", { name: "Examiner" }).click();
    await dialog.getByText("Expliquez l’écart.").first().waitFor();
    await look(rssi, "r05-judge", { wide: false });
    await dialog.getByLabel("Commentaire").fill("Mise à jour qui n’était pas annoncée.");
    await dialog.getByRole("button", { name: "Examiner" }).click();
    await dialog.waitFor({ state: "detached" });
    await rssi.getByText("Mise à jour qui n’était pas annoncée.").waitFor();
  }, rssi);
  await look(rssi, "r05-audit");
  await step("the RSSI signs with both factors", async () => {
    await rssi.getByRole("button", { name: "Signer l’audit" }).click();
    const dialog = rssi.getByRole("dialog");
    await dialog.getByLabel("Conclusion").fill("Un écart, repris avec le titulaire.");
    await dialog.getByLabel("Mot de passe").fill(pocket("m.petit", "password"));
    await dialog.getByLabel("Code", { exact: true }).fill(await code("m.petit"));
    await look(rssi, "r05-sign", { wide: false });
    await dialog.getByRole("button", { name: "Signer l’audit" }).click();
    await rssi.getByText(/^Signé par Marc Petit/).waitFor();
  }, rssi);
  await step("the minutes are printed, with what was found", async () => {
    const [download] = await Promise.all([rssi.waitForEvent("download"), rssi.getByRole("link", { name: "Procès-verbal (PDF)" }).click()]);
    const file = join(OUT, "r05-minutes.pdf");
    await download.saveAs(file);
    const text = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
    expect(text.includes(audit) && text.includes("Un écart, repris avec le titulaire."), "number and conclusion");
    execFileSync("pdftoppm", ["-r", "70", "-png", file, join(OUT, "r05-minutes")]);
  }, rssi);
  await look(rssi, "r05-signed");
  await step("the answer sheet says so", async () => {
    await rssi.getByRole("link", { name: "Conformité" }).click();
    await rssi.getByRole("row", { name: /HDS:EXI-19/ }).getByText(/Dernier audit signé/).waitFor({ state: "attached" });
  }, rssi);

  const auditor = await open(browser, CONSOLE);
  await auditor.goto("/");
  await step("a limited auditor is told of the limits, and has no page of what is outside", async () => {
    await logIn(auditor, "e.noir");
    await understood(auditor);
    await auditor.getByText("Votre rôle d’auditeur se limite à un périmètre").waitFor();
    expect((await auditor.getByRole("link", { name: "Titulaires" }).count()) === 0, "no vendors");
    expect((await auditor.getByRole("link", { name: "Conformité" }).count()) === 0, "no answer sheet");
  }, auditor);
  await look(auditor, "r05-limited");
  await step("the auditor sees no session of the other vendor", async () => {
    await auditor.getByRole("link", { name: "Enregistrements" }).click();
    await auditor.getByText("Aucun enregistrement").first().waitFor();
  }, auditor);
  await step("the RSSI takes the role back: the open page is over at once", async () => {
    await rssi.goto("/personnes");
    await rssi.getByRole("link", { name: "Eva Noir" }).click();
    await rssi.getByText("Limité à :").waitFor();
    await look(rssi, "r05-person");
    await rssi.getByRole("button", { name: /^Retirer/ }).click();
    await rssi.getByRole("dialog").getByLabel("Motif").fill("audit terminé");
    await rssi.getByRole("dialog").getByRole("button", { name: "Retirer" }).click();
    await auditor.getByLabel("Identifiant", { exact: false }).first().waitFor();
    expect((await auditor.getByText("Enregistrements").count()) === 0, "nothing is left on the page");
  }, auditor);
  await step("the RSSI grants it again, until a day and inside other limits", async () => {
    await rssi.getByRole("button", { name: "Accorder un rôle" }).click();
    const dialog = rssi.getByRole("dialog");
    await dialog.getByRole("button", { name: "Accorder un rôle" }).click();
    await dialog.getByText("Un auditeur l’est jusqu’à une date.").first().waitFor();
    await dialog.getByLabel("Jusqu’au (exclu)").fill("2090-01-01");
    await dialog.getByLabel("Limité à ces titulaires").fill("Imagelec");
    await look(rssi, "r05-grant", { wide: false });
    await dialog.getByRole("button", { name: "Accorder un rôle" }).click();
    await rssi.getByText("Limité à :").waitFor();
    await rssi.getByText("Imagelec").waitFor();
  }, rssi);
  await step("the auditor comes back and sees that vendor's session", async () => {
    await auditor.goto("/");
    await logIn(auditor, "e.noir");
    await understood(auditor);
    await auditor.getByRole("link", { name: "Enregistrements" }).click();
    await auditor.getByRole("row", { name: /scanner-1/ }).first().waitFor();
  }, auditor);
} catch (error) {
  fail(error);
} finally {
  await browser.close();
}
process.exit(failed() ? 1 : 0);
