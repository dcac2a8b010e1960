// A security key at the console, from its enrolment to its removal: Chromium's own virtual authenticator answers as
// a USB key would. clause: CLAUSIER:O-5.4, CLAUSIER:O-12.3.5
import { expect, look, open, step, totp } from "./browser.mjs";

/** At the name, not the address: no passkey belongs to an address. */
const named = (base) => base.replace("127.0.0.1", "localhost");

export async function passkeys(browser, base, login, password, secret) {
  const page = await open(browser, named(base));
  const devices = await page.context().newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const { authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "usb", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  const begin = async () => {
    await page.getByLabel("Identifiant", { exact: false }).first().fill(login);
    await page.getByLabel("Mot de passe").fill(password);
    await page.getByRole("button", { name: "Continuer" }).click();
  };
  const out = async () => {
    await page.getByRole("button", { name: /Se déconnecter|Log out/ }).click();
    await page.getByRole("heading", { level: 1, name: "Connexion à la console" }).waitFor();
  };

  await page.goto("/");
  await step("a key that nobody enrolled opens nothing, in the words of every refusal", async () => {
    await begin();
    await page.getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    await page.getByText("Aucune clé n’a répondu.").waitFor();
    await look(page, "k01-login-no-key", { wide: false });
    await page.getByLabel("Code à 6 chiffres").fill(await totp(secret));
    await page.getByRole("button", { name: "Se connecter" }).click();
    await page.getByRole("heading", { level: 1, name: /Accueil|Home/ }).waitFor();
  }, page);
  await step("the person enrols a security key, proving both factors again", async () => {
    await page.goto("/compte");
    await page.getByText("Aucune clé de sécurité").waitFor();
    await look(page, "k02-account-none");
    await page.getByRole("button", { name: "Ajouter une clé de sécurité" }).click();
    await page.getByLabel("Nom de la clé").fill("clé bleue");
    await page.getByLabel("Mot de passe").fill(password);
    await page.getByLabel("Code", { exact: true }).fill(await totp(secret));
    await page.getByRole("button", { name: "Ajouter une clé de sécurité" }).click();
    await page.getByText("clé bleue").first().waitFor();
    await look(page, "k03-account-key");
    const { credentials } = await devices.send("WebAuthn.getCredentials", { authenticatorId });
    expect(credentials.length === 1 && credentials[0].rpId === "localhost", "the key knows this site and no other");
  }, page);
  await step("password and key open the console", async () => {
    await out();
    await begin();
    await page.getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    await page.getByRole("heading", { level: 1, name: /Accueil|Home/ }).waitFor();
  }, page);
  await step("what the key said is worth nothing a second time", async () => {
    const taken = page.waitForRequest((request) => request.url().endsWith("/api/v1/login") && request.method() === "POST");
    await out();
    await begin();
    await page.getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    const said = JSON.parse((await taken).postData());
    await page.getByRole("heading", { level: 1, name: /Accueil|Home/ }).waitFor();
    await out();
    await begin();
    // As somebody who listened would send it, with a proof of work of their own.
    await page.route("**/api/v1/login", async (route) => {
      const body = JSON.parse(route.request().postData());
      await route.continue({ postData: JSON.stringify({ ...body, code: said.code }) });
    });
    await page.getByLabel("Code à 6 chiffres").fill("000000");
    await page.getByRole("button", { name: "Se connecter" }).click();
    await page.getByText("E-AUT-01").waitFor();
    await page.unroute("**/api/v1/login");
    await new Promise((done) => setTimeout(done, 2500));
    await begin();
    await page.getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    await page.getByRole("heading", { level: 1, name: /Accueil|Home/ }).waitFor();
  }, page);
  await step("the key signs an act: its own removal", async () => {
    await page.goto("/compte");
    await page.getByText("utilisée le").first().waitFor();
    await page.getByRole("button", { name: /^Retirer/ }).click();
    await page.getByRole("dialog").getByLabel("Mot de passe").fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    await page.getByText("Votre clé de sécurité a répondu.").waitFor();
    await look(page, "k04-signed", { wide: false });
    await page.getByRole("dialog").getByRole("button", { name: "Retirer" }).last().click();
    await page.getByText("Aucune clé de sécurité").waitFor();
  }, page);
  await step("and opens nothing any more", async () => {
    await out();
    await begin();
    await page.getByRole("button", { name: "Utiliser une clé de sécurité" }).click();
    await page.getByText("E-AUT-01").waitFor();
  }, page);
  await page.context().close();
}
