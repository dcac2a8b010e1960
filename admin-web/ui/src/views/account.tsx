import { useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { useCall } from "../lib/live";
import { hasPasskeys, isRefusal, makePasskey } from "../lib/passkey";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Chip, Empty, Facts, Icon, Loading, Moment, Notice, ProblemBox, Raw } from "../parts/basics";
import { Area, AskButton, Form, Input, SignFields, checkFactors, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { me, refreshWho } from "../parts/session";
import { PasswordRules, RecoveryCodes, Totp } from "./enrolment";

/** P8, and the same for the hospital's people. */
export function Account() {
  const who = me();
  return (
    <Page title={t("account.title")}>
      {who.password_too_old && <Notice tone="warn" title={t("account.password_old")} />}
      <div class="split">
        <div>
          <section class="card">
            <h2>{t("account.me")}</h2>
            <Facts
              rows={[
                [t("account.name"), <Raw text={who.name} />],
                [t("login.name"), <code>{who.login}</code>],
                [t("account.roles"), who.roles.map((role) => word("role", role)).join(", ")],
                [t("account.address"), <><code>{who.address}</code> {who.address_declared !== null && <Chip tone={who.address_declared ? "good" : "bad"}>{who.address_declared ? t("account.declared") : t("account.undeclared")}</Chip>}</>],
                [t("account.last"), who.last_login ? t("account.last_text", { at: showMoment(who.last_login.at), from: who.last_login.from, door: word("door", who.last_login.door) }) : t("entering.first")],
                [t("account.failures"), String(who.failures)],
              ]}
            />
            <p class="muted">{t("account.addresses_help")}</p>
          </section>
          <Charter />
        </div>
        <div>
          <Keys />
          <Password />
          <Second />
          {hasPasskeys() && <Passkeys />}
        </div>
      </div>
    </Page>
  );
}

function Keys() {
  const { data, problem, reload } = useCall("key.list", {}, ["credential"]);
  const [label, setLabel] = useState("");
  const [key, setKey] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const [adding, setAdding] = useState(false);
  const act = useAct();
  const rows = (data?.rows ?? []) as Answer[];
  const keys = rows.filter((row) => row.kind === "ssh_key");
  const add = () =>
    act.run(
      () => ({ ...(key.trim() ? {} : { key: t("keys.missing") }), ...checkFactors(factors) }),
      async () => {
        try {
          await call("key.add", { key: key.trim(), label: label.trim() || undefined, ...factors });
        } finally {
          setFactors({ password: "", code: "" });
        }
        setKey("");
        setLabel("");
        setAdding(false);
        reload();
      },
    );
  return (
    <section class="card">
      <div class="card-head">
        <h2>{t("keys.title")}</h2>
        {!adding && (
          <button type="button" class="small" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            {t("keys.add")}
          </button>
        )}
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && keys.length === 0 && !adding && <Empty title={t("keys.none")}><p>{t("keys.none_text")}</p></Empty>}
      <ul class="plain">
        {keys.map((row) => (
          <li key={row.credential}>
            <strong><Raw text={row.label ?? t("keys.unnamed")} /></strong>
            <div>
              <code><Raw text={row.fingerprint} /></code>
            </div>
            <span class="muted">
              {t("keys.added", { at: showMoment(row.created_at) })} {row.used_at && t("keys.used", { at: showMoment(row.used_at) })}
            </span>
            <RemoveKey row={row} done={reload} />
          </li>
        ))}
      </ul>
      {adding && (
        <Form act={act} onSubmit={() => void add()} submit={t("keys.add")} extra={<button type="button" onClick={() => setAdding(false)}>{t("act.cancel")}</button>}>
          <Area name="key" label={t("keys.public")} help={t("keys.public_help")} value={key} onValue={setKey} error={act.errors.key} maxLength={8000} />
          <Input name="label" label={t("keys.label")} optional value={label} onValue={setLabel} maxLength={100} />
          <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
        </Form>
      )}
    </section>
  );
}

/** Security keys and this device's own passkeys: they answer no other site, whatever it looks like. */
function Passkeys() {
  const { data, problem, reload } = useCall("key.list", {}, ["credential"]);
  const [label, setLabel] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const [adding, setAdding] = useState(false);
  const act = useAct();
  const keys = ((data?.rows ?? []) as Answer[]).filter((row) => row.kind === "passkey");
  const add = () =>
    act.run(
      () => checkFactors(factors),
      async () => {
        try {
          await makePasskey(factors, label);
        } catch (caught) {
          throw isRefusal(caught) ? new Problem(0, "", t("passkey.refused"), t("passkey.refused")) : caught;
        } finally {
          setFactors({ password: "", code: "" });
        }
        setLabel("");
        setAdding(false);
        reload();
      },
    );
  return (
    <section class="card">
      <div class="card-head">
        <h2>{t("passkey.title")}</h2>
        {!adding && (
          <button type="button" class="small" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            {t("passkey.add")}
          </button>
        )}
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {data && keys.length === 0 && !adding && <Empty title={t("passkey.none")}><p>{t("passkey.none_text")}</p></Empty>}
      <ul class="plain">
        {keys.map((row) => (
          <li key={row.credential}>
            <strong><Raw text={row.label ?? t("keys.unnamed")} /></strong>{" "}
            <span class="muted">
              {t("keys.added", { at: showMoment(row.created_at) })} {row.used_at && t("keys.used", { at: showMoment(row.used_at) })}
            </span>
            <RemoveKey row={row} done={reload} />
          </li>
        ))}
      </ul>
      {adding && (
        <Form act={act} onSubmit={() => void add()} submit={t("passkey.add")} extra={<button type="button" onClick={() => setAdding(false)}>{t("act.cancel")}</button>}>
          <Input name="label" label={t("keys.label")} optional value={label} onValue={setLabel} maxLength={100} />
          <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
        </Form>
      )}
    </section>
  );
}

function RemoveKey({ row, done }: { row: Answer; done: () => void }) {
  return (
    <AskButton
      tone="quiet"
      icon="x"
      label={String(row.label ?? row.fingerprint ?? t("keys.unnamed"))}
      done={done}
      question={() => ({
        title: t("keys.remove_title"),
        consequence: t("keys.remove_consequence"),
        submit: t("keys.remove"),
        tone: "danger",
        signs: me().login,
        act: ({ password, code }) => call("key.remove", { credential: row.credential, password, code }),
      })}
    >
      {t("keys.remove")}
    </AskButton>
  );
}

function Password() {
  const [open, setOpen] = useState(me().password_too_old);
  const [next, setNext] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const act = useAct();
  const change = () =>
    act.run(
      () => ({ ...(next ? {} : { new_password: t("login.password_missing") }), ...checkFactors(factors) }),
      async () => {
        try {
          await call("password.change", { new_password: next, ...factors });
        } finally {
          setFactors({ password: "", code: "" });
          setNext("");
        }
        // Every session of the old password is over, this one too.
        await refreshWho();
      },
    );
  return (
    <section class="card">
      <div class="card-head">
        <h2>{t("account.password")}</h2>
        {!open && (
          <button type="button" class="small" onClick={() => setOpen(true)}>
            {t("account.change")}
            <span class="unseen"> {t("account.password")}</span>
          </button>
        )}
      </div>
      {open && (
        <Form act={act} onSubmit={() => void change()} submit={t("account.change")} extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
          <p class="muted">{t("account.password_help")}</p>
          <Input name="new_password" type="password" autocomplete="new-password" label={t("account.new_password")} value={next} error={act.errors.new_password} onValue={setNext} help={<PasswordRules password={next} login={me().login} />} />
          <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
        </Form>
      )}
    </section>
  );
}

/** A new telephone, and new recovery codes. */
function Second() {
  const [begun, setBegun] = useState<Answer>();
  const [codes, setCodes] = useState<string[]>();
  const [code, setCode] = useState("");
  const [changed, setChanged] = useState(false);
  const act = useAct();
  return (
    <section class="card">
      <h2>{t("account.second")}</h2>
      {changed && <Notice tone="good" title={t("account.totp_changed")} />}
      {codes ? (
        <>
          <Notice tone="warn" title={t("enrol.codes_once")} />
          <RecoveryCodes login={me().login} codes={codes} />
        </>
      ) : begun ? (
        <>
          <Totp begun={begun} />
          <Form
            act={act}
            submit={t("enrol.check")}
            onSubmit={() =>
              void act.run(
                () => (code.trim() ? ({} as Record<string, string>) : { code: t("login.code_missing") }),
                async () => {
                  await call("totp.confirm", { code: code.replace(/\s/g, "") });
                  setBegun(undefined);
                  setCode("");
                  setChanged(true);
                },
              )
            }
          >
            <Input name="code" label={t("login.code")} inputMode="numeric" autocomplete="one-time-code" maxLength={8} value={code} onValue={setCode} error={act.errors.code} />
          </Form>
        </>
      ) : (
        <div class="actions">
          <AskButton
            icon="key-round"
            done={() => {}}
            question={() => ({
              title: t("account.totp_new"),
              consequence: t("account.totp_consequence"),
              submit: t("act.continue"),
              signs: me().login,
              act: async ({ password, code: typed }) => setBegun(await call("totp.replace", { password, code: typed })),
            })}
          >
            {t("account.totp_new")}
          </AskButton>
          <AskButton
            icon="refresh-cw"
            done={() => {}}
            question={() => ({
              title: t("account.codes_new"),
              consequence: t("account.codes_consequence"),
              submit: t("account.codes_new"),
              signs: me().login,
              act: async ({ password, code: typed }) => setCodes((await call("recovery.regenerate", { password, code: typed })).recovery_codes as string[]),
            })}
          >
            {t("account.codes_new")}
          </AskButton>
        </div>
      )}
    </section>
  );
}

/** The rules that everybody accepts before a first session; a new version asks again. */
function Charter() {
  const { data, problem, reload } = useCall("charter.show", {}, ["charter"]);
  const act = useAct();
  const [accepted, setAccepted] = useState(false);
  const done = accepted || Boolean(data?.accepted_at);
  return (
    <section class="card" id="charter">
      <h2>{t("charter.title")}</h2>
      {problem && (problem.status === 404 ? <Empty title={t("charter.none")} /> : <ProblemBox problem={problem} retry={reload} />)}
      {!data && !problem && <Loading />}
      {data && (
        <>
          <p>
            <strong><Raw text={data.title} /></strong>{" "}
            <span class="muted">
              {t("charter.version", { n: Number(data.charter) })} <Moment at={data.published_at} />
            </span>
          </p>
          <details open={!done}>
            <summary>{t("charter.read")}</summary>
            <p class="prose">
              <Raw text={data.body} />
            </p>
          </details>
          {done ? (
            <p>
              <Chip tone="good">{data.accepted_at ? t("charter.accepted_at", { at: showMoment(data.accepted_at) }) : t("charter.accepted")}</Chip>
            </p>
          ) : (
            <Form
              act={act}
              submit={t("charter.accept")}
              onSubmit={() =>
                void act.run(
                  () => ({}),
                  async () => {
                    await call("charter.accept", { charter: Number(data.charter) });
                    setAccepted(true);
                    reload();
                  },
                )
              }
            >
              <p class="muted">{t("charter.accept_help")}</p>
            </Form>
          )}
        </>
      )}
    </section>
  );
}
