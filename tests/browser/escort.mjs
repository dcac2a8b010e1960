// Somebody who does nothing but accompany: the own page, present, looking, looking away, and the cut. The technician is a real ssh.
import { expect, failed, launch, look, open, step } from "./browser.mjs";
import { logIn, shell } from "./people.mjs";

const { CONSOLE } = process.env;
const browser = await launch();
try {
  const page = await open(browser, CONSOLE);
  await page.goto("/");
  await step("whoever only accompanies comes to the own windows, and is offered nothing else", async () => {
    await logIn(page, "a.brun", "Mes accompagnements");
    await page.getByRole("heading", { level: 2, name: /scanner-1/ }).waitFor();
    expect((await page.getByRole("navigation").first().getByRole("link").count()) === 1, "one place to go to");
  }, page);
  await page.getByRole("button", { name: "Compris" }).click();
  await look(page, "e01-windows");
  await step("says to be present", async () => {
    await page.getByRole("button", { name: "Je suis présent" }).click();
    await page.getByRole("button", { name: "Je pars" }).waitFor();
  }, page);

  const ssh = shell();
  await step("a technician is let in, and held", () => ssh.until("Saisie suspendue"), page);
  ssh.type("PS1='$ '; echo debut-$((40+2))");
  await step("the page says so", async () => {
    await page.getByText("Saisie suspendue", { exact: true }).waitFor();
    expect(!ssh.said().includes("debut-42"), "nothing has been run");
  }, page);
  await look(page, "e02-held");
  await step("looking lets it go on, and the escort sees what waited", async () => {
    await page.getByRole("button", { name: "Observer" }).click();
    await ssh.until("Saisie rétablie");
    await ssh.until("debut-42");
    await page.locator(".stage .xterm-rows").first().getByText("debut-42").first().waitFor();
  }, page);
  await look(page, "e03-looking");
  const held = () => ssh.said().split("Saisie suspendue").length - 1;
  await step("looking away holds it again", async () => {
    await page.getByRole("button", { name: "Arrêter l’observation" }).click();
    await page.getByText("Saisie suspendue", { exact: true }).waitFor();
    for (let i = 0; i < 100 && held() < 2; i++) await new Promise((done) => setTimeout(done, 100));
    expect(held() === 2, "the technician is told again");
    ssh.type("echo cache-$((50+2))");
  }, page);
  await step("who may look may also cut", async () => {
    await page.getByRole("button", { name: /^Couper/ }).click();
    await page.getByRole("dialog").getByLabel("Motif").fill("travaux finis");
    await page.getByRole("dialog").getByRole("button", { name: "Couper la session" }).click();
    await ssh.until("travaux finis");
    await ssh.ended;
    expect(!ssh.said().includes("cache-52"), "what was typed unseen never ran");
  }, page);
  await step("another page of the console answers that it is not for this role", async () => {
    await page.goto("/sessions");
    await page.getByText("E-DRT-01").first().waitFor();
  }, page);
} finally {
  await browser.close();
}
if (failed() > 0) {
  console.error(`${failed()} failures`);
  process.exit(1);
}
