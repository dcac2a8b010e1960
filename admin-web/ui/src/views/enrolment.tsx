import qrcode from "qrcode-generator";
import { useEffect, useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { saveFile } from "../lib/csv";
import { ProofMaker } from "../lib/proof";
import { navigate } from "../lib/route";
import { t } from "../lib/text";
import { Chip, Copy, Icon, Notice } from "../parts/basics";
import { Form, Input, Tick, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { useSession } from "../parts/session";
import { Login } from "./login";

/** The code as SVG squares: nothing is drawn from elsewhere. */
export function Qr({ text }: { text: string }) {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const n = code.getModuleCount();
  let path = "";
  for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) if (code.isDark(y, x)) path += `M${x + 2} ${y + 2}h1v1h-1z`;
  return (
    <svg class="qr" viewBox={`0 0 ${n + 4} ${n + 4}`} role="img" aria-label={t("enrol.qr")}>
      <rect width={n + 4} height={n + 4} class="qr-paper" />
      <path d={path} class="qr-ink" />
    </svg>
  );
}

export function RecoveryCodes({ login, codes }: { login: string; codes: string[] }) {
  return (
    <div class="codes">
      <ol>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div class="actions">
        <button type="button" onClick={() => print()}>
          <Icon name="file-text" />
          {t("act.print")}
        </button>
        <button type="button" onClick={() => saveFile(`codes-${login}.txt`, "text/plain;charset=utf-8", `Écluse – ${login}\r\n\r\n${codes.join("\r\n")}\r\n`)}>
          <Icon name="download" />
          {t("act.save")}
        </button>
        <Copy text={codes.join("\n")} what={t("enrol.codes")} />
      </div>
    </div>
  );
}

/** The rules of the hospital's passwords, said while they are typed; the server judges (E-MDP-…). */
export function PasswordRules({ password, login = "" }: { password: string; login?: string }) {
  const rules: [string, boolean][] = [
    [t("rule.length"), password.length >= 12],
    [t("rule.kinds"), [/\p{Lu}/u, /\p{Ll}/u, /\d/, /[^\p{L}\d\s]/u].every((kind) => kind.test(password))],
    [t("rule.name"), password !== "" && !(login && password.toLowerCase().includes(login.toLowerCase()))],
  ];
  return (
    <ul class="rules">
      {rules.map(([text, met]) => (
        <li key={text} class={met ? "met" : ""}>
          <Icon name={met ? "circle-check" : "info"} />
          {text}
          <span class="unseen"> {met ? t("rule.met") : t("rule.unmet")}</span>
        </li>
      ))}
    </ul>
  );
}

const proofs = { begin: new ProofMaker("enrol.begin"), confirm: new ProofMaker("enrol.confirm") };

/** P2. From a single-use link to an account with two factors. The token is after the "#": no server's
 * log has it. */
export function Enrolment() {
  const { phase } = useSession();
  const [token, setToken] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [begun, setBegun] = useState<Answer>();
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[]>();
  const [kept, setKept] = useState(false);
  const [done, setDone] = useState(false);
  const first = useAct();
  const second = useAct();
  const third = useAct();
  const step = done ? 4 : codes ? 3 : begun ? 2 : 1;
  useEffect(() => {
    if (location.hash) history.replaceState(null, "", location.pathname);
  }, []);
  useEffect(() => {
    if (step > 1) document.querySelector<HTMLElement>("h2")?.focus();
  }, [step]);

  useEffect(() => {
    if (done && phase === "in") navigate("/compte", { replace: true });
  }, [done, phase]);

  if (phase === "in" && step === 1)
    return (
      <Page title={t("enrol.title")}>
        <Notice tone="warn" title={t("enrol.logged_in")} />
      </Page>
    );
  if (done && begun) return <Login known={String(begun.login)} welcome />;
  return (
    <Page enter title={t("enrol.title")} lead={<p>{t("enrol.lead")}</p>}>
      <ol class="progress" aria-label={t("enrol.progress")}>
        {[t("enrol.step_password"), t("enrol.step_totp"), t("enrol.step_codes")].map((name, i) => (
          <li key={name} {...(i + 1 === step ? { "aria-current": "step" as const } : {})}>
            {i + 1 < step ? <Chip tone="good">{name}</Chip> : <Chip tone={i + 1 === step ? "info" : "quiet"} icon={i + 1 === step ? "pen-line" : "chevron-right"}>{name}</Chip>}
          </li>
        ))}
      </ol>
      <div class="card narrow">
        {step === 1 && (
          <>
            <h2 tabIndex={-1}>{t("enrol.step_password")}</h2>
            <Form
              act={first}
              submit={t("act.continue")}
              icon="chevron-right"
              onSubmit={() =>
                void first.run(
                  () => ({
                    ...(token.trim() ? {} : { token: t("enrol.token_missing") }),
                    ...(password ? {} : { new_password: t("login.password_missing") }),
                    ...(password && password !== again ? { again: t("enrol.again_wrong") } : {}),
                  }),
                  async () => {
                    setBegun(await call("enrol.begin", { invitation: token.trim(), password, ...(await proofs.begin.take()) }));
                    setPassword("");
                    setAgain("");
                    proofs.confirm.begin();
                  },
                )
              }
            >
              <Input name="token" label={t("enrol.token")} help={t("enrol.token_help")} autocomplete="off" maxLength={128} value={token} onValue={setToken} error={first.errors.token} />
              <Input name="new_password" label={t("enrol.password")} type="password" autocomplete="new-password" maxLength={1024} value={password} onValue={setPassword} error={first.errors.new_password} onFocus={() => proofs.begin.begin()} help={<PasswordRules password={password} />} />
              <Input name="again" label={t("enrol.again")} type="password" autocomplete="new-password" maxLength={1024} value={again} onValue={setAgain} error={first.errors.again} />
            </Form>
          </>
        )}
        {step === 2 && begun && (
          <>
            <h2 tabIndex={-1}>{t("enrol.step_totp")}</h2>
            <p>{t("enrol.hello", { name: String(begun.name), login: String(begun.login) })}</p>
            <Totp begun={begun} />
            <Form
              act={second}
              submit={t("enrol.check")}
              onSubmit={() =>
                void second.run(
                  () => (code.trim() ? ({} as Record<string, string>) : { code: t("login.code_missing") }),
                  async () => {
                    try {
                      const answer = await call("enrol.confirm", { invitation: token.trim(), code: code.replace(/\s/g, ""), ...(await proofs.confirm.take()) });
                      setCodes(answer.recovery_codes as string[]);
                    } finally {
                      setCode("");
                      proofs.confirm.begin();
                    }
                  },
                )
              }
            >
              <Input name="code" label={t("login.code")} help={t("enrol.code_help")} inputMode="numeric" autocomplete="one-time-code" maxLength={8} value={code} onValue={setCode} error={second.errors.code} />
            </Form>
          </>
        )}
        {step === 3 && codes && begun && (
          <>
            <h2 tabIndex={-1}>{t("enrol.step_codes")}</h2>
            <Notice tone="warn" title={t("enrol.codes_once")} />
            <RecoveryCodes login={String(begun.login)} codes={codes} />
            <Form
              act={third}
              submit={t("enrol.finish")}
              onSubmit={() =>
                void third.run(
                  () => (kept ? ({} as Record<string, string>) : { kept: t("enrol.kept_missing") }),
                  async () => setDone(true),
                )
              }
            >
              <Tick name="kept" label={t("enrol.kept")} value={kept} onValue={setKept} error={third.errors.kept} />
            </Form>
          </>
        )}
      </div>
    </Page>
  );
}

/** What an authenticator application needs, as a picture and as text. */
export function Totp({ begun }: { begun: Answer }) {
  const secret = String(begun.secret);
  return (
    <div class="totp">
      <Qr text={String(begun.uri)} />
      <div>
        <p>{t("enrol.scan")}</p>
        <p class="secret">
          <code>{secret.replace(/(.{4})(?=.)/g, "$1 ")}</code> <Copy text={secret} what={t("enrol.secret")} />
        </p>
      </div>
    </div>
  );
}
