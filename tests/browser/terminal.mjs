// P6: a technician works in a terminal of the portal, with no client but the browser. clause: CLAUSIER:O-12.2.5.3
import { expect, look, step } from "./browser.mjs";

const shown = (tech) => tech.locator(".terminal-stage .xterm-rows").innerText();
async function until(tech, word) {
  for (let i = 0; i < 300; i++) {
    if ((await shown(tech)).includes(word)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the terminal did not show "${word}": ${await shown(tech)}`);
}

export async function terminal({ tech, dsi, window, account, password, codes }) {
  const sign = async () => {
    await tech.getByLabel("Mot de passe").fill(password);
    await tech.getByLabel("Code", { exact: true }).fill(codes.pop());
    await tech.getByRole("button", { name: "Ouvrir le terminal" }).click();
  };
  await step("a terminal is one of the ways to connect", async () => {
    await tech.goto(`/creneaux/${window}`);
    await tech.getByRole("tab", { name: "Navigateur (terminal)" }).click();
    await look(tech, "p04-connect-browser", { wide: false });
    await tech.getByRole("link", { name: "Ouvrir le terminal" }).click();
    await tech.getByRole("heading", { name: "Prouver vos deux facteurs" }).waitFor();
  }, tech);
  await look(tech, "p06-sign");
  await step("both factors open it in the page", async () => {
    await sign();
    await tech.locator('[data-terminal="live"]').waitFor();
    await until(tech, "enregistrée");
    await tech.keyboard.type("echo page-$((40+2))\n");
    await until(tech, "page-42");
  }, tech);
  await step("it has the size of its place, also of another one", async () => {
    const size = async () => {
      await tech.keyboard.type("clear; stty size\n");
      await tech.waitForTimeout(500);
      return (await shown(tech)).match(/(\d+) (\d+)/)?.slice(1).map(Number) ?? [];
    };
    const [rows, columns] = await size();
    await tech.setViewportSize({ width: 900, height: 700 });
    await tech.waitForTimeout(500);
    const [fewer_rows, fewer_columns] = await size();
    await tech.setViewportSize({ width: 1280, height: 900 });
    expect(rows > fewer_rows && columns > fewer_columns && fewer_columns > 40, `${columns}x${rows}, then ${fewer_columns}x${fewer_rows}`);
  }, tech);
  await look(tech, "p06-terminal");
  await step("what a target sends to the browser itself stays text", async () => {
    await tech.locator(".terminal-stage .xterm-screen").click();
    await tech.evaluate(() => navigator.clipboard.writeText("avant"));
    await tech.keyboard.type("printf '\\033]52;c;%s\\a\\033]0;piege\\a\\033]8;;https://evil.example\\alien\\033]8;;\\a\\n' \"$(printf vole | base64)\"; echo fi''ni\n");
    await until(tech, "fini");
    expect((await tech.evaluate(() => navigator.clipboard.readText())) === "avant", "the clipboard is the person's own");
    expect(!(await tech.title()).includes("piege"), "the title is the page's own");
    expect((await tech.locator(".terminal-stage a").count()) === 0, "a link is text");
  }, tech);
  await step("several lines are pasted only when the person says so", async () => {
    await tech.evaluate(() => navigator.clipboard.writeText("echo un-$((1+1))\necho deux-$((2+2))\n"));
    // A shell that knows of pastes takes them as one; this one does not say so.
    await tech.keyboard.type("sh\n");
    await tech.waitForTimeout(500);
    await tech.keyboard.press("Control+Shift+V");
    await tech.getByRole("heading", { name: "Coller 2 lignes" }).waitFor();
    await look(tech, "p06-paste", { wide: false });
    await tech.getByRole("button", { name: "Coller", exact: true }).click();
    await until(tech, "deux-4");
    await tech.locator(".terminal-stage .xterm-screen").click();
    await tech.keyboard.type("exit\n");
  }, tech);
  await step("the keyboard leaves the terminal by the key that the page names", async () => {
    await tech.keyboard.press("Control+F6");
    expect((await tech.evaluate(() => document.activeElement.textContent)).includes("Copier la sélection"), "the focus is after the terminal");
  }, tech);
  await step("more time is asked for beside the terminal", async () => {
    await tech.getByRole("button", { name: "Demander +15 min" }).click();
    await tech.getByLabel("Motif").fill("contrôle à finir");
    await tech.getByRole("dialog").getByRole("button", { name: "Demander" }).click();
    await tech.getByRole("dialog").waitFor({ state: "detached" });
    await dsi.goto("/");
    await dsi.getByRole("button", { name: /^Accorder/ }).click();
    await until(tech, "prolong");
  }, tech);
  await step("the person finishes, after a question", async () => {
    await tech.getByRole("button", { name: "Terminer" }).click();
    await look(tech, "p06-finish", { wide: false });
    await tech.getByRole("dialog").getByRole("button", { name: "Terminer" }).click();
    await tech.getByText("Vous avez terminé la session.").waitFor();
  }, tech);
  await look(tech, "p06-finished");
  await step("the IT department cuts another one, and its reason is read in the page", async () => {
    await tech.getByRole("button", { name: "Ouvrir de nouveau" }).click();
    await sign();
    await tech.locator('[data-terminal="live"]').waitFor();
    await dsi.goto("/sessions");
    await dsi.getByRole("button", { name: /^Couper/ }).first().click();
    await dsi.getByLabel("Motif").fill("essai de coupure");
    await dsi.getByRole("dialog").getByRole("button", { name: "Couper la session" }).click();
    await tech.locator(".notice-title", { hasText: /coupée par Claire Leroy.*essai de coupure/ }).waitFor();
  }, tech);
  await look(tech, "p06-cut");
  await step("after the account is refused, the page says why, and what to do", async () => {
    await tech.goto(`/creneaux/${window}/terminal?cible=inconnue&compte=${account}`);
    await sign();
    await tech.getByText(/E-CIB-01/).waitFor();
  }, tech);
  await look(tech, "p06-refused", { wide: false });
  await step("a ticket that another page has used up is said to be one, and the person may prove both factors again", async () => {
    await tech.goto(`/creneaux/${window}/terminal?cible=scanner-1&compte=${account}`);
    await tech.route("**/api/v1/terminals", async (route) => {
      const answer = await route.fetch();
      const { ticket } = await answer.json();
      await tech.evaluate(
        (used) =>
          new Promise((done, fail) => {
            const other = new WebSocket(`wss://${location.host}/api/v1/terminals/${used}`);
            other.onopen = () => other.close();
            other.onclose = done;
            other.onerror = fail;
          }),
        ticket,
      );
      await route.fulfill({ response: answer });
    });
    await sign();
    await tech.getByText("l’autorisation d’ouvrir ce terminal a déjà servi").waitFor();
    await tech.getByRole("button", { name: "Ouvrir de nouveau" }).waitFor();
    await tech.unroute("**/api/v1/terminals");
  }, tech);
  await look(tech, "p06-spent", { wide: false });
}
