import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../lib/call";
import { ProofMaker } from "../lib/proof";
import { t } from "../lib/text";
import { Icon, Notice, ProblemBox } from "../parts/basics";
import { CodeField, Form, Input, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { login, sitePhone, useSession } from "../parts/session";

declare const DOOR: "portal" | "console";
const proof = new ProofMaker("login");

/** P1. Two steps on the screen, one judgement: nobody learns which of the three was wrong. */
export function Login({ known = "", welcome = false }: { known?: string; welcome?: boolean }) {
  const { lost } = useSession();
  const [step, setStep] = useState<1 | 2>(1);
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const act = useAct();
  const codeField = useRef(false);

  useEffect(() => {
    // After a step the focus goes where the next thing is typed.
    if (step === 2) document.getElementById("f-code")?.focus();
    else if (codeField.current) document.getElementById("f-login")?.focus();
    codeField.current = step === 2;
  }, [step]);

  const first = () =>
    act.run(
      () => ({
        ...(name.trim() ? {} : { login: t("login.name_missing") }),
        ...(password ? {} : { password: t("login.password_missing") }),
      }),
      async () => setStep(2),
    );
  const second = (given = code) =>
    act.run(
      () => (given.trim() ? ({} as Record<string, string>) : { code: t("login.code_missing") }),
      async () => {
        try {
          await login({ login: name.trim(), password, code: given.replace(/\s/g, ""), ...(await proof.take()) });
        } catch (error) {
          setCode("");
          proof.begin();
          if (error instanceof Problem && error.code === "E-AUT-01") {
            setPassword("");
            setStep(1);
          }
          throw error;
        }
      },
    );

  return (
    <Page enter title={DOOR === "portal" ? t("login.title_portal") : t("login.title_console")}>
      <div class="card narrow">
        {welcome && <Notice tone="good" title={t("login.welcome")} />}
        {lost && (
          <Notice tone="warn" title={lost.detail || t("session.over")}>
            <p>{t("session.draft_kept")}</p>
            {lost.remedy && <p>{lost.remedy}</p>}
          </Notice>
        )}
        <p class="steps" aria-live="polite">
          {t("login.step", { n: step })}
        </p>
        {step === 1 ? (
          <Form act={act} onSubmit={() => void first()} submit={t("act.continue")} icon="chevron-right">
            <Input name="login" label={t("login.name")} help={t("login.name_help")} autocomplete="username" maxLength={128} spellcheck={false} value={name} onValue={setName} error={act.errors.login} onFocus={() => proof.begin()} />
            <Input name="password" label={t("login.password")} type="password" autocomplete="current-password" maxLength={1024} value={password} onValue={setPassword} error={act.errors.password} onFocus={() => proof.begin()} />
          </Form>
        ) : (
          <Form
            act={act}
            onSubmit={() => void second()}
            submit={t("login.submit")}
            icon="lock-keyhole"
            extra={
              <button type="button" onClick={() => (act.clear(), setStep(1))}>
                {t("act.back")}
              </button>
            }
          >
            <input type="text" name="username" autocomplete="username" value={name} readOnly hidden />
            <CodeField purpose="login" label={t("login.code")} help={t("login.code_help")} value={code} onValue={setCode} onKey={(use) => void second(use)} error={act.errors.code} />
          </Form>
        )}
        <p class="robots" role="status">
          <Icon name="shield-check" />
          {act.busy && step === 2 ? t("login.robots_busy") : t("login.robots")}
        </p>
      </div>
      <p class="muted narrow">
        {DOOR === "portal" ? t("login.rules_portal") : t("login.rules_console")}
        {sitePhone() && <> {t("login.phone", { phone: sitePhone() })}</>}
      </p>
    </Page>
  );
}

/** The server does not answer at all. */
export function Away({ retry }: { retry: () => void }) {
  useEffect(() => {
    const timer = setInterval(retry, 5000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Page title={t("problem.away")}>
      <ProblemBox problem={new Problem(503, "E-WEB-09", t("problem.away"), t("problem.away_detail"), t("problem.away_remedy"))} retry={retry} />
    </Page>
  );
}
