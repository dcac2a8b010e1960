// The people of a story whose factors are in the stack's pockets (scripts/people.sh): how they log in, and a shell of
// the technician's through the gateway.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { totp, usedUntil } from "./browser.mjs";

const { ECLUSE_ROOT, SSH_PORT, ACCOUNT } = process.env;
export const pocket = (login, name) => readFileSync(join(ECLUSE_ROOT, "people", login, name), "utf8").trim();
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Not one step early, which may be over before it is typed: the step that is now, or a later one. */
const used = new Map();
export async function code(login) {
  const step = Math.max(Math.floor(Date.now() / 30_000), (used.get(login) ?? Number(pocket(login, "last_step"))) + 1);
  usedUntil(pocket(login, "totp"), step - 1);
  used.set(login, step);
  return totp(pocket(login, "totp"));
}

/** From the console's login page to its home, which is called so. */
export async function logIn(page, login, home = "Accueil") {
  await page.getByLabel("Identifiant", { exact: false }).first().fill(login);
  await page.getByLabel("Mot de passe").fill(pocket(login, "password"));
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByLabel("Code à 6 chiffres").fill(await code(login));
  await page.getByRole("button", { name: "Se connecter" }).click();
  await page.getByRole("heading", { level: 1, name: home }).waitFor();
}

/** A real ssh on a terminal. `until` waits for words and gives the moment when they were there. */
export function shell() {
  const askpass = join(ECLUSE_ROOT, "askpass.sh");
  const codes = JSON.parse(pocket("n.belkacem", "recovery")).recovery_codes;
  writeFileSync(askpass, `#!/bin/sh\ncase "$1" in *ode*) echo '${codes.at(-1)}' ;; *) cat '${join(ECLUSE_ROOT, "people/n.belkacem/password")}' ;; esac\n`, { mode: 0o700 });
  const options = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${join(ECLUSE_ROOT, "known")}`, "PreferredAuthentications=keyboard-interactive,password", "PubkeyAuthentication=no", "LogLevel=ERROR", "NumberOfPasswordPrompts=2"];
  const child = spawn("ssh", ["-F", "none", "-tt", "-p", SSH_PORT, ...options.flatMap((one) => ["-o", one]), `n.belkacem+scanner-1+${ACCOUNT}@127.0.0.1`], { env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force", DISPLAY: ":none" } });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (text += data));
  return {
    type: (line) => child.stdin.write(`${line}\n`),
    said: () => text,
    until: async (word) => {
      for (let i = 0; i < 300; i++) {
        if (text.includes(word)) return Date.now();
        await sleep(100);
      }
      throw new Error(`ssh did not say "${word}": ${text}`);
    },
    ended: new Promise((done) => child.on("close", done)),
  };
}
