// The whole story at both doors, as a technician and a person of the IT department live it, against the real
// daemons. clause: CLAUSIER:O-12.2.5.1
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, fail, failed, launch, look, open, out, step, totp, usedUntil } from "./browser.mjs";
import { emergency } from "./emergency.mjs";
import { passkeys } from "./passkeys.mjs";
import { terminal as inBrowser } from "./terminal.mjs";

const { PORTAL, CONSOLE, ECLUSE_ROOT, SSH_PORT, ACCOUNT } = process.env;
const pocket = (login, name) => readFileSync(join(ECLUSE_ROOT, "people", login, name), "utf8").trim();
const password = "Vx7!story-of-a-scanner-1";
const hostile = "panne \u202egnp.exe\u202c <img src=x onerror=alert(1)> =1+1";

async function logIn(page, login, secret, code) {
  await page.getByLabel("Identifiant", { exact: false }).first().fill(login);
  await page.getByLabel("Mot de passe").fill(secret);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByLabel("Code à 6 chiffres").fill(code);
  await page.getByRole("button", { name: "Se connecter" }).click();
}

/** A real ssh through the gateway; `talk` sends lines and waits for words. */
function ssh(user, secret, code, command) {
  const ask = join(ECLUSE_ROOT, "askpass.sh");
  writeFileSync(ask, `#!/bin/sh\ncase "$1" in *ode*) echo '${code}' ;; *) echo '${secret}' ;; esac\n`, { mode: 0o700 });
  const options = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${join(ECLUSE_ROOT, "known")}`, "PreferredAuthentications=keyboard-interactive,password", "PubkeyAuthentication=no", "LogLevel=ERROR", "NumberOfPasswordPrompts=2"];
  const child = spawn("ssh", ["-F", "none", "-tt", "-p", SSH_PORT, ...options.flatMap((one) => ["-o", one]), `${user}@127.0.0.1`, ...(command ? [command] : [])], {
    env: { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: "force", DISPLAY: ":none" },
  });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (text += data));
  const ended = new Promise((done) => child.on("close", done));
  const until = async (word, seconds = 20) => {
    for (let i = 0; i < seconds * 10; i++) {
      if (text.includes(word)) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`ssh did not say "${word}": ${text}`);
  };
  return { child, ended, until, said: () => text, send: (line) => child.stdin.write(`${line}\n`) };
}

const browser = await launch();
try {
  const dsi = await open(browser, CONSOLE);
  await step("the console asks who is there", () => dsi.goto("/"), dsi);
  await dsi.getByRole("heading", { level: 1, name: "Connexion à la console" }).waitFor();
  await look(dsi, "d00-login");
  await dsi.getByRole("button", { name: "Continuer" }).click();
  await dsi.getByText("Tapez votre identifiant.").first().waitFor();
  await look(dsi, "d00-login-errors");
  const secret = pocket("c.leroy", "totp");
  usedUntil(secret, Number(pocket("c.leroy", "last_step")));
  await step("wrong factors get one neutral sentence", async () => {
    await logIn(dsi, "c.leroy", "wrong", "000000");
    await dsi.getByText("E-AUT-01").waitFor();
  }, dsi);
  await look(dsi, "d00-login-refused");
  await new Promise((done) => setTimeout(done, 2500));
  await step("the IT department logs in", async () => {
    await logIn(dsi, "c.leroy", pocket("c.leroy", "password"), await totp(secret));
    await dsi.getByRole("heading", { level: 1, name: "Accueil" }).waitFor();
  }, dsi);
  await look(dsi, "d01-home-empty");
  await dsi.getByRole("button", { name: "Compris" }).click();

  for (const [path, name, heading] of [
    ["/creneaux", "d02-windows-empty", "Créneaux"],
    ["/calendrier", "d03-calendar-empty", "Calendrier"],
    ["/sessions", "d04-sessions-empty", "Sessions"],
    ["/comptes-rendus", "d06-reports-empty", "Comptes-rendus"],
    ["/titulaires", "d07-vendors", "Titulaires"],
    ["/personnes", "d07-people", "Personnes"],
    ["/cibles", "d08-assets", "Cibles"],
    ["/cibles/scanner-1", "d08-asset", "scanner-1"],
    ["/refus", "d09-refusals", "Refus récents"],
    ["/urgence", "d10-emergency", "Urgence"],
    ["/conformite", "r06-conformity", "Conformité"],
    ["/compte", "d11-account", "Mon compte"],
    ["/nulle-part", "d12-unknown", "Cette page n’existe pas"],
    ["/creneaux/W-AAAAAAAAAAAA", "d12-unknown-window", "Créneau W-AAAAAAAAAAAA"],
    ["/accessibilite", "d13-accessibility", "Accessibilité"],
  ]) {
    await step(`console ${path}`, async () => {
      await dsi.goto(path);
      await dsi.getByRole("heading", { level: 1, name: heading }).waitFor();
    }, dsi);
    await look(dsi, name);
  }

  await step("a table of people is tried, corrected, then recorded", async () => {
    await dsi.goto("/titulaires");
    await dsi.getByRole("link", { name: "Imagelec" }).click();
    await dsi.getByRole("button", { name: "Importer un tableau" }).click();
    const dialog = dsi.getByRole("dialog");
    const table = (login) => `prénom;nom;identifiant;courriel;rôle\nÉlodie;Le Goff;${login};e.legoff@imagelec.example;technician\n`;
    await dialog.getByText("Que mettre dans chaque colonne").click();
    const example = dsi.waitForEvent("download");
    await dialog.getByRole("button", { name: "Télécharger un exemple" }).click();
    await look(dsi, "d07-import-columns", { wide: false });
    const file = { name: "exemple.csv", mimeType: "text/csv", buffer: readFileSync(await (await example).path()) };
    await dialog.getByLabel("Prendre un fichier CSV").setInputFiles(file);
    await dialog.getByRole("button", { name: "Essayer" }).click();
    await dialog.getByText("2 lignes bonnes, rien à corriger.").waitFor();
    await dialog.getByLabel("Tableau (CSV)").fill("");
    await dialog.getByRole("button", { name: "Essayer" }).click();
    await dialog.getByText("Choisissez un fichier, ou collez le tableau.").first().waitFor();
    await dialog.getByLabel("Tableau (CSV)").fill(table("support"));
    await dialog.getByRole("button", { name: "Essayer" }).click();
    await dialog.getByText("Cet identifiant désigne une fonction, pas une personne.").waitFor();
    await look(dsi, "d07-import-errors", { wide: false });
    await dialog.getByLabel("Prendre un fichier CSV").setInputFiles({ name: "gens.csv", mimeType: "text/csv", buffer: Buffer.from(table("e.legoff")) });
    await dialog.getByRole("button", { name: "Essayer" }).click();
    await dialog.getByText("1 ligne bonne, rien à corriger.").waitFor();
    await look(dsi, "d07-import-good", { wide: false });
    await dialog.getByRole("button", { name: "Enregistrer 1 personne" }).click();
    await dsi.getByRole("link", { name: "Élodie Le Goff" }).waitFor();
  }, dsi);
  await step("from a company to its people", async () => {
    await look(dsi, "d07-vendor");
    await dsi.getByRole("link", { name: "Nadia Belkacem" }).click();
    await dsi.getByRole("heading", { level: 1, name: "Nadia Belkacem" }).waitFor();
    // The address ends with a login, which has a dot.
    await dsi.reload();
    await dsi.getByRole("heading", { level: 1, name: "Nadia Belkacem" }).waitFor();
  }, dsi);
  const invitation = await step("the IT department attests an identity and makes an invitation", async () => {
    await dsi.getByRole("button", { name: "Attester l’identité" }).click();
    await dsi.getByLabel("Comment").fill("pièce d’identité, en présence");
    await look(dsi, "d07-verify", { wide: false });
    await dsi.getByRole("dialog").getByRole("button", { name: "Attester l’identité" }).click();
    await dsi.getByText("pièce d’identité, en présence").waitFor();
    await dsi.getByRole("button", { name: "Inviter" }).click();
    await dsi.getByRole("button", { name: "Faire le lien" }).click();
    await dsi.getByText("Ce lien ne sera plus affiché").waitFor();
    await look(dsi, "d07-invitation", { wide: false });
    const lines = await dsi.getByRole("dialog").locator("code").allInnerTexts();
    await dsi.getByRole("button", { name: "Terminé" }).click();
    return lines.at(-1);
  }, dsi);

  const tech = await open(browser, PORTAL);
  let totpSecret = "";
  const codes = await step("the technician activates the account: password, authenticator, recovery codes", async () => {
    await tech.goto(`/enrolement#${invitation}`);
    await tech.getByRole("heading", { level: 1, name: "Activer mon compte" }).waitFor();
    await look(tech, "p02-enrol-1");
    await tech.getByLabel("Votre mot de passe").fill(password);
    await tech.getByLabel("Le même, une seconde fois").fill(password);
    await tech.getByRole("button", { name: "Continuer" }).click();
    await tech.getByRole("heading", { level: 2, name: "Application de codes" }).waitFor();
    totpSecret = (await tech.locator(".secret code").innerText()).replace(/\s/g, "");
    await look(tech, "p02-enrol-2");
    await tech.getByLabel("Code à 6 chiffres").fill(await totp(totpSecret));
    await tech.getByRole("button", { name: "Vérifier le code" }).click();
    await tech.getByRole("heading", { level: 2, name: "Codes de secours" }).waitFor();
    await look(tech, "p02-enrol-3");
    const shown = await tech.locator(".codes code").allInnerTexts();
    await tech.getByRole("button", { name: "Terminer" }).click();
    await tech.getByText("Conservez vos codes, puis cochez la case.").first().waitFor();
    await tech.getByLabel("J’ai conservé mes codes").check();
    await tech.getByRole("button", { name: "Terminer" }).click();
    return shown;
  }, tech);
  expect(codes.length === 10, "ten recovery codes");
  await step("the technician logs in and accepts the charter", async () => {
    await tech.getByText("Votre compte est activé").waitFor();
    await look(tech, "p01-login-welcome");
    await logIn(tech, "n.belkacem", password, await totp(totpSecret));
    await tech.getByRole("heading", { level: 1, name: "Mon compte" }).waitFor();
    await look(tech, "p08-account");
    await tech.getByRole("button", { name: "J’ai lu et j’accepte la charte" }).click();
    await tech.getByText("Acceptée").first().waitFor();
  }, tech);
  await step("home says that there is nothing yet", async () => {
    await tech.getByRole("link", { name: "Créneaux" }).first().click();
    await tech.getByText("Aucun créneau").waitFor();
    await tech.getByText("déclarée").first().waitFor();
  }, tech);
  await look(tech, "p03-home-empty");

  let opens = 0;
  const window = await step("the technician asks for a window, with hostile words in the reason", async () => {
    await tech.getByRole("link", { name: "Demander un créneau" }).click();
    await tech.getByRole("heading", { level: 1, name: "Demander un créneau" }).waitFor();
    await look(tech, "p05-ask");
    await tech.getByRole("button", { name: "Demander le créneau" }).click();
    await tech.getByText("Choisissez au moins une cible.").first().waitFor();
    await look(tech, "p05-ask-errors");
    await tech.getByLabel("scanner-1").check();
    await tech.getByLabel("terminal", { exact: true }).check();
    await tech.getByLabel("dépôt de fichiers").check();
    const paris = (ms) => new Date(ms).toLocaleString("sv-SE", { timeZone: "Europe/Paris" }).slice(0, 16).replace(" ", "T");
    // Approved before it begins, or it expires.
    opens = Math.ceil((Date.now() + 80_000) / 60_000) * 60_000;
    await tech.getByLabel("Début").fill(paris(opens));
    await tech.getByLabel("Fin").fill(paris(opens + 3_600_000));
    await tech.getByLabel("Nature").selectOption("corrective");
    await tech.getByLabel("Ticket").fill("INC-4471");
    await tech.getByLabel("Motif").fill(hostile);
    for (const name of ["Interruption de service", "Accès possible à des données de santé"])
      await tech.getByRole("group", { name }).getByLabel("Non").check();
    // A reload loses nothing.
    await tech.waitForTimeout(500);
    await tech.reload();
    await tech.getByText("Brouillon gardé").waitFor();
    expect((await tech.getByLabel("Motif").inputValue()) === hostile, "a reload keeps what was typed");
    await look(tech, "p05-ask-filled");
    await tech.getByRole("button", { name: "Demander le créneau" }).click();
    await tech.getByText("En attente de la DSI.").waitFor();
    return (await tech.locator("h1").innerText()).match(/W-\w+/)[0];
  }, tech);
  await look(tech, "p04-window-requested");

  await step("the request appears at the console by itself, its hostile words shown as marks", async () => {
    await dsi.goto("/");
    await dsi.getByRole("link", { name: "scanner-1" }).first().waitFor();
    await dsi.getByText("⟨U+202E⟩").first().waitFor();
    expect((await dsi.locator("main img").count()) === 0, "no element was made of a vendor's text");
  }, dsi);
  await look(dsi, "d01-home-asked");
  await step("the list is exported, and no cell is a formula", async () => {
    const [download] = await Promise.all([dsi.waitForEvent("download"), dsi.getByRole("button", { name: /Exporter en CSV/ }).first().click()]);
    const csv = readFileSync(await download.path(), "utf8");
    expect(csv.includes("scanner-1") && !/"[=+@-]/.test(csv), "CSV without formulas");
  }, dsi);
  await step("the IT department asks a question, and the technician answers", async () => {
    await dsi.getByRole("link", { name: "scanner-1" }).first().click();
    await dsi.getByText("Vérifications").waitFor();
    await dsi.getByRole("button", { name: /^Demander une précision/ }).click();
    await dsi.getByLabel("Question").fill("Quel lecteur ?");
    await dsi.getByRole("dialog").getByRole("button", { name: "Demander une précision" }).click();
    await tech.getByRole("button", { name: "Répondre" }).click();
    await tech.getByLabel("Votre réponse").fill("Le lecteur de gauche.");
    await tech.getByRole("dialog").getByRole("button", { name: "Répondre" }).click();
    await dsi.getByText("Le lecteur de gauche.").waitFor();
  }, dsi);
  await step("the IT department looks and approves", async () => {
    await look(dsi, "d02-request");
    await dsi.getByRole("button", { name: "Approuver" }).first().click();
    await look(dsi, "d02-approve", { wide: false });
    await dsi.getByRole("button", { name: "Approuver le créneau" }).click();
    await dsi.getByText("Approuvé par vous").waitFor();
  }, dsi);
  await step("the technician reads the approval, without a reload", () => tech.getByText("Approuvé. Le créneau s’ouvre le").waitFor(), tech);
  await look(tech, "p04-window-approved");
  await step("at its hour the window opens before the technician's eyes, and how to connect is there", async () => {
    await tech.getByRole("heading", { name: "Se connecter" }).waitFor({ timeout: opens - Date.now() + 30_000 });
    await tech.getByText(`ssh -p ${SSH_PORT} n.belkacem+scanner-1+${ACCOUNT}@`).waitFor();
  }, tech);
  await look(tech, "p04-connect");
  await step("tabs go by the arrow keys", async () => {
    await tech.getByRole("tab", { name: "SSH" }).focus();
    await tech.keyboard.press("ArrowRight");
    await tech.getByText("Auto-login username").waitFor();
  }, tech);
  await look(tech, "p04-connect-putty", { wide: false });
  await tech.getByRole("link", { name: "Créneaux" }).first().click();
  await tech.getByText("reste").first().waitFor();
  await look(tech, "p03-home-open");
  await inBrowser({ tech, dsi, window, account: ACCOUNT, password, codes: codes.slice(5, 9) });

  const terminal = ssh(`n.belkacem+scanner-1+${ACCOUNT}`, password, codes[0]);
  await step("a real ssh session goes through", async () => {
    await terminal.until("enregistrée");
    terminal.send("echo bonjour-$((40+2))");
    await terminal.until("bonjour-42");
  }, tech);
  await step("the session is in the console's list at once", async () => {
    await dsi.goto("/sessions");
    await dsi.getByRole("link", { name: "Nadia Belkacem" }).waitFor();
  }, dsi);
  await look(dsi, "d04-sessions");
  await step("a message reaches the terminal", async () => {
    await dsi.getByRole("button", { name: /^Message/ }).click();
    await dsi.getByLabel("Texte").fill("Redémarrage prévu à 15 h");
    await dsi.getByRole("button", { name: "Envoyer" }).click();
    await terminal.until("Redémarrage prévu");
  }, dsi);
  await step("the technician asks for 15 more minutes; the IT department grants them in one press", async () => {
    await tech.goto(`/creneaux/${window}`);
    await tech.getByRole("button", { name: "Demander +15 min" }).click();
    await tech.getByLabel("Motif").fill("pièce en route");
    await look(tech, "p06-extension-ask", { wide: false });
    await tech.getByRole("dialog").getByRole("button", { name: "Demander" }).click();
    await tech.getByText("Prolongation demandée jusqu’au").waitFor();
    await dsi.goto("/");
    await dsi.getByText("demande une prolongation").waitFor();
    await look(dsi, "d01-home-extension");
    await dsi.getByRole("button", { name: /^Accorder/ }).click();
    await terminal.until("prolong");
  }, dsi);
  await step("and the IT department extends by itself", async () => {
    await dsi.goto("/sessions");
    await dsi.getByRole("button", { name: /^Prolonger/ }).click();
    await dsi.getByLabel("Motif").fill("tests en cours");
    await look(dsi, "d04-extend", { wide: false });
    await dsi.getByRole("button", { name: "Prolonger de 15 minutes" }).click();
    await dsi.getByRole("dialog").waitFor({ state: "detached" });
  }, dsi);
  await step("one session by itself", async () => {
    await dsi.getByRole("link", { name: "Nadia Belkacem" }).click();
    await dsi.getByRole("button", { name: /^Couper/ }).waitFor();
  }, dsi);
  await look(dsi, "d05-session");
  await step("the IT department cuts it, with a reason", async () => {
    await dsi.getByRole("button", { name: /^Couper/ }).click();
    await look(dsi, "d05-cut", { wide: false });
    await dsi.getByRole("dialog").getByRole("button", { name: "Couper la session" }).click();
    await dsi.getByText("Donnez le motif.").first().waitFor();
    await dsi.getByLabel("Motif").fill("fin des travaux");
    await dsi.getByRole("dialog").getByRole("button", { name: "Couper la session" }).click();
    await terminal.until("fin des travaux");
    await terminal.ended;
  }, dsi);
  const own = ssh(`n.belkacem+scanner-1+${ACCOUNT}`, password, codes[3]);
  await step("the technician sees the own session under way in the window", async () => {
    await own.until("enregistrée");
    await tech.goto(`/creneaux/${window}`);
    await tech.getByRole("heading", { name: "Vos sessions en cours" }).waitFor();
  }, tech);
  await look(tech, "p04-own-session");
  await step("and ends it there, after a question; the terminal says so", async () => {
    await tech.getByRole("button", { name: /^Terminer ma session/ }).click();
    await look(tech, "p04-own-session-leave", { wide: false });
    await tech.getByRole("dialog").getByRole("button", { name: "Terminer ma session" }).click();
    await own.until("Session terminée à votre demande.");
    await own.ended;
    await tech.getByRole("heading", { name: "Vos sessions en cours" }).waitFor({ state: "detached" });
  }, tech);
  await step("the window is closed, and the report is due", async () => {
    await dsi.goto(`/creneaux/${window}`);
    await dsi.getByRole("button", { name: /^Clore maintenant/ }).click();
    await dsi.getByLabel("Motif").fill("travaux terminés");
    await dsi.getByRole("button", { name: "Clore le créneau" }).click();
    await dsi.getByRole("link", { name: "Voir le compte-rendu" }).waitFor();
  }, dsi);
  await look(dsi, "d02-closed");
  await step("a connection after the end is refused, and found by its reference", async () => {
    const late = ssh(`n.belkacem+scanner-1+${ACCOUNT}`, password, codes[1], "true");
    await late.until("E-FEN-03");
    await late.ended;
    const reference = late.said().match(/R-\w+/)[0];
    await dsi.goto(`/refus?q=${reference}`);
    await dsi.getByText(reference).first().waitFor();
    await dsi.getByRole("table").getByText("E-FEN-03").waitFor();
  }, dsi);
  await look(dsi, "d09-refusal");
  await step("a wait is lifted where there is one, and the page says when there is none", async () => {
    await dsi.goto("/refus");
    await dsi.getByRole("button", { name: "Débloquer une personne ralentie" }).click();
    await dsi.getByRole("button", { name: "Débloquer", exact: true }).click();
    await dsi.getByText("Dites pourquoi.").first().waitFor();
    await look(dsi, "d09-delay");
    const asked = dsi.locator(".card.narrow");
    await asked.getByLabel("Identifiant de la personne ralentie").fill("n.belkacem");
    await asked.getByLabel("Adresse").fill("127.0.0.1");
    await asked.getByLabel("Motif").fill("au téléphone");
    await asked.getByRole("button", { name: "Débloquer", exact: true }).click();
    await dsi.getByText("E-ETA-01").waitFor();
  }, dsi);

  await step("the technician writes the report; it survives an ended session", async () => {
    await tech.getByRole("link", { name: "Ouvrir le compte-rendu" }).click();
    await tech.getByRole("heading", { name: "Ce que vous déclarez" }).waitFor();
    await look(tech, "p07-report");
    await tech.getByRole("button", { name: "Signer et remettre" }).click();
    await tech.getByText("À corriger").waitFor();
    await tech.waitForTimeout(200);
    expect((await tech.evaluate(() => document.activeElement.id)) === "f-outcome", "the first wrong field has the focus");
    await look(tech, "p07-report-errors");
    await tech.getByLabel("Résultat", { exact: true }).selectOption("resolved");
    await tech.getByLabel("Constat à l’arrivée").fill("Le lecteur n’est plus reconnu.");
    await tech.getByLabel("Élément modifié").fill("pilote \"lecteur\" \\ v2");
    await tech.getByLabel("Ce qui a été fait").fill("Remplacement du pilote.\nRedémarrage.");
    await tech.getByLabel("Tests effectués").fill("Lecture d’un disque d’essai : bonne.");
    await tech.getByLabel("Difficultés").fill("néant");
    await tech.getByLabel("Impact sur le service").fill("aucun");
    await tech.getByLabel("Suites à donner").fill("néant");
    for (const name of ["retour arrière", "sous-traitant", "données de santé", "copies de données", "incident"])
      await tech.getByRole("group", { name }).getByLabel("Non").check();
    await tech.getByRole("group", { name: "accompagnateur" }).getByLabel("Oui").check();
    await tech.getByRole("group", { name: "Données résiduelles" }).getByLabel("aucune").check();
    await tech.getByText("Brouillon enregistré par la passerelle à").waitFor();
    const [preview] = await Promise.all([tech.waitForEvent("download"), tech.getByRole("button", { name: "Aperçu du PDF" }).click()]);
    await preview.saveAs(join(out, "p07-preview.pdf"));
    const shown = execFileSync("pdftotext", ["-layout", join(out, "p07-preview.pdf"), "-"], { encoding: "utf8" });
    expect(shown.includes("BROUILLON") && shown.includes("Remplacement du pilote."), "the preview is the report as it would be signed");
    // Typed a moment before somebody takes the cookie away, as an expiry would: this tab has it.
    await tech.getByLabel("Conseils").fill("changer le lecteur");
    await tech.waitForTimeout(500);
    await tech.context().clearCookies();
    await tech.getByText("Ce que vous aviez tapé est gardé").waitFor();
    await look(tech, "p01-expired");
    await logIn(tech, "n.belkacem", password, codes[2]);
    await tech.getByRole("heading", { name: "Ce que vous déclarez" }).waitFor();
    expect((await tech.getByLabel("Difficultés").inputValue()) === "néant", "the report's draft came through the expired session");
    expect((await tech.getByLabel("Conseils").inputValue()) === "changer le lecteur", "what the server did not have yet came through too");
  }, tech);
  await look(tech, "p07-report-filled");
  await step("the report is signed", async () => {
    await tech.getByLabel("Mot de passe").fill(password);
    await tech.getByLabel("Code", { exact: true }).fill(codes[4]);
    await tech.getByRole("button", { name: "Signer et remettre" }).click();
    await tech.getByText("Remis : l’établissement doit le viser.").waitFor();
  }, tech);
  await look(tech, "p07-report-submitted");
  await step("the signed PDF comes down", async () => {
    const [download] = await Promise.all([tech.waitForEvent("download"), tech.getByRole("link", { name: "Télécharger le PDF signé" }).click()]);
    expect(readFileSync(await download.path()).subarray(0, 5).toString() === "%PDF-", "a PDF");
  }, tech);
  await step("the IT department accepts the report", async () => {
    await dsi.goto("/comptes-rendus?etat=submitted");
    await look(dsi, "d06-reports");
    await dsi.getByRole("table").getByRole("link").first().click();
    await dsi.getByRole("heading", { name: "Ce que l’intervenant déclare" }).waitFor();
    await look(dsi, "d06-report");
    await dsi.getByRole("button", { name: "Viser" }).click();
    await dsi.getByRole("dialog").getByRole("button", { name: "Viser" }).click();
    await dsi.getByText("Compte-rendu visé").waitFor();
  }, dsi);
  await step("the technician sees it accepted, without a reload", () => tech.getByText("Compte-rendu visé par l’établissement.").waitFor(), tech);
  await look(tech, "p07-report-accepted");

  const rssiSecret = pocket("m.petit", "totp");
  usedUntil(rssiSecret, Number(pocket("m.petit", "last_step")));
  await emergency({
    browser,
    base: CONSOLE,
    dsi,
    tech,
    password: pocket("m.petit", "password"),
    secret: rssiSecret,
    enter: async (page) => {
      await logIn(page, "m.petit", pocket("m.petit", "password"), await totp(rssiSecret));
      await page.getByRole("heading", { level: 1, name: "Accueil" }).waitFor();
    },
  });

  await step("English, at a press", async () => {
    await dsi.goto("/");
    await dsi.getByRole("button", { name: "English" }).click();
    await dsi.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    expect((await dsi.locator("html").getAttribute("lang")) === "en", "the page says its language");
  }, dsi);
  await look(dsi, "d01-home-english");
  await step("the keyboard alone reaches the content first", async () => {
    await dsi.reload();
    await dsi.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await dsi.keyboard.press("Tab");
    expect((await dsi.evaluate(() => document.activeElement.textContent)) === "Skip to content", "the skip link comes first");
    await dsi.keyboard.press("Enter");
    expect((await dsi.evaluate(() => document.activeElement.id)) === "main", "and goes to the content");
  }, dsi);
  await step("logging out leaves nothing behind", async () => {
    await tech.getByRole("button", { name: "Se déconnecter" }).click();
    await tech.getByRole("heading", { level: 1, name: "Connexion au portail" }).waitFor();
    expect((await tech.evaluate(() => Object.keys(sessionStorage).length)) === 0, "no draft is left");
  }, tech);
  await passkeys(browser, CONSOLE, "c.leroy", pocket("c.leroy", "password"), secret);
} catch (error) {
  fail(error.message);
} finally {
  await browser.close();
}
if (failed() > 0) {
  console.error(`${failed()} failed`);
  process.exit(1);
}
