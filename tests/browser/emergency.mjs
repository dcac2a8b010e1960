// An emergency, from the rota to the RSSI's signed review: nothing waived, an escort required and present, the RSSI
// told at once. clause: CLAUSIER:O-12.2.5.3, CHM:8.4
import { expect, look, open, step, totp } from "./browser.mjs";

const paris = (ms) => new Date(ms).toLocaleString("sv-SE", { timeZone: "Europe/Paris" }).slice(0, 16).replace(" ", "T");

/** `dsi` and `tech` are logged in, `enter` logs the RSSI in, who signs with `password` and codes of `secret`. */
export async function emergency({ browser, base, dsi, tech, enter, password, secret }) {
  await step("the rota has no turn; one without a telephone is not entered", async () => {
    await dsi.goto("/astreinte");
    await dsi.getByText("Aucun tour inscrit").waitFor();
    await dsi.getByRole("button", { name: "Inscrire un tour" }).click();
    await dsi.getByRole("button", { name: "Inscrire", exact: true }).click();
    await dsi.getByText("Indiquez le téléphone.").first().waitFor();
  }, dsi);
  await look(dsi, "d10-rota-errors");
  await step("the IT department enters who answers tonight", async () => {
    await dsi.getByLabel("Identifiant de la personne").fill("c.leroy");
    await dsi.getByLabel("Début").fill(paris(Date.now() - 3_600_000));
    await dsi.getByLabel("Fin").fill(paris(Date.now() + 86_400_000));
    await dsi.getByLabel("Téléphone").fill("01 99 00 77 77");
    await dsi.getByRole("button", { name: "Inscrire", exact: true }).click();
    await dsi.getByRole("table").getByText("maintenant").waitFor();
  }, dsi);
  await look(dsi, "d10-rota");

  const window = await step("the technician asks for an emergency, and reads whom to telephone", async () => {
    await tech.goto("/demande");
    await tech.getByRole("heading", { level: 1, name: "Demander un créneau" }).waitFor();
    await tech.getByLabel("scanner-1").check();
    await tech.getByLabel("terminal", { exact: true }).check();
    await tech.getByLabel("Début").fill(paris(Date.now()));
    await tech.getByLabel("Fin").fill(paris(Date.now() + 3_600_000));
    await tech.getByLabel("C’est une urgence").check();
    await tech.getByText("01 99 00 77 77").waitFor();
    await tech.getByLabel("Je souhaite qu’un accompagnateur").check();
    await tech.getByLabel("Nature").selectOption("corrective");
    await tech.getByLabel("Motif").fill("scanner arrêté, patient en attente");
    for (const name of ["Interruption de service", "Accès possible à des données de santé"])
      await tech.getByRole("group", { name }).getByLabel("Non").check();
    await look(tech, "p05-ask-emergency");
    await tech.getByRole("button", { name: /urgence/ }).click();
    await tech.getByText("Urgence : téléphonez aussi à l’astreinte.").waitFor();
    await tech.getByText("01 99 00 77 77").waitFor();
    return (await tech.locator("h1").innerText()).match(/W-\w+/)[0];
  }, tech);
  await look(tech, "p04-emergency-requested");

  await step("the IT department approves it as any other; nobody is present yet", async () => {
    await dsi.goto(`/creneaux/${window}`);
    await dsi.getByRole("button", { name: "Approuver" }).first().click();
    await dsi.getByText("La présence d’un accompagnateur est exigée").waitFor();
    await look(dsi, "d02-approve-emergency", { wide: false });
    await dsi.getByRole("button", { name: "Approuver le créneau" }).click();
    await dsi.getByText("Approuvé par vous").waitFor();
    await dsi.getByText("exigée, personne n’est présent").waitFor();
    await tech.getByText("exigée, personne n’est présent").waitFor();
  }, dsi);
  await look(dsi, "d02-escort-absent");
  await step("the escort says to be there, and both sides read it", async () => {
    await dsi.getByRole("button", { name: "Je suis présent" }).click();
    await dsi.getByRole("button", { name: "Je pars" }).waitFor();
    await tech.getByText("Claire Leroy").first().waitFor();
  }, dsi);
  await look(dsi, "d02-escort-present");
  await look(tech, "p04-escort-present");

  const rssi = await open(browser, base);
  await step("the RSSI finds the emergency on the first page, while it runs", async () => {
    await rssi.goto("/");
    await enter(rssi);
    await rssi.getByRole("button", { name: "Compris" }).click();
    await rssi.getByText("Urgences accordées, à suivre et à revoir").first().waitFor();
    await rssi.locator("main").getByRole("link", { name: window }).first().waitFor();
  }, rssi);
  await look(rssi, "r00-home-emergency");
  await step("once it is closed it is to be reviewed, and who is there no longer is", async () => {
    await rssi.goto("/urgence");
    await rssi.getByText("Aucune urgence à revoir").waitFor();
    await dsi.getByRole("button", { name: /^Clore maintenant/ }).click();
    await dsi.getByLabel("Motif").fill("scanner remis en service");
    await dsi.getByRole("button", { name: "Clore le créneau" }).click();
    await rssi.getByRole("button", { name: `Revoir ${window}` }).first().waitFor();
  }, rssi);
  await look(rssi, "r00-emergency-due");
  await step("the RSSI reviews it and signs; a conclusion is asked for", async () => {
    await rssi.getByRole("button", { name: `Revoir ${window}` }).first().click();
    await rssi.getByRole("button", { name: "Signer la revue" }).click();
    await rssi.getByText("Choisissez une conclusion.").first().waitFor();
    await look(rssi, "r00-review-errors", { wide: false });
    await rssi.getByLabel("Ce qui s’est passé").fill("Scanner arrêté un samedi, remis en service en 40 minutes.");
    await rssi.getByRole("group", { name: "L’urgence était" }).getByLabel("justifiée", { exact: true }).check();
    await rssi.getByLabel("Mot de passe").fill(password);
    await rssi.getByLabel("Code", { exact: true }).fill(await totp(secret));
    await rssi.getByRole("button", { name: "Signer la revue" }).click();
    await rssi.getByRole("dialog").waitFor({ state: "detached" });
    await rssi.getByText("Aucune urgence à revoir").waitFor();
    await rssi.getByRole("table").last().getByText("justifiée").first().waitFor();
  }, rssi);
  await look(rssi, "r00-emergency-reviewed");
  await step("the IT department reads the review", async () => {
    await dsi.goto("/urgence");
    await dsi.getByText("Scanner arrêté un samedi").waitFor();
    expect((await dsi.getByRole("button", { name: /^Revoir/ }).count()) === 0, "only the RSSI reviews");
  }, dsi);
}
