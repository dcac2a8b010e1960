import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Empty, Facts, Icon, Line, Loading, Moment, Notice, PersonState, ProblemBox, Raw } from "../parts/basics";
import { AskButton, Dialog, Form, Select, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole, me, siteFacts } from "../parts/session";
import { type Column, Filter, More, Table } from "../parts/table";
import { AddPerson, LimitFields, checkLimits, noLimits, sentLimits } from "../views/people_forms";

/** The invitation is shown once: a link for the person alone, sent by another way than the login. */
export function Invite({ person, small = false }: { person: Answer; small?: boolean }) {
  const [made, setMade] = useState<Answer>();
  const hospital = !person.vendor;
  const base = hospital ? location.origin : String(siteFacts().portal ?? "");
  return (
    <>
      <AskButton
        tone={small ? "small" : ""}
        icon="mail"
        label={person.login}
        done={() => {}}
        question={() => ({ title: t("invite.title", { name: String(person.name ?? person.login) }), consequence: person.state === "active" ? t("invite.again") : t("invite.consequence"), submit: t("invite.make"), act: async () => setMade(await call("person.invite", { person: person.login })) })}
      >
        {t("invite.open")}
      </AskButton>
      {made && (
        <Dialog title={t("invite.ready", { login: String(made.login) })} onClose={() => setMade(undefined)}>
          <Notice tone="warn" title={t("invite.once", { at: showMoment(made.expires_at) })} />
          {base && <Line text={`${base.replace(/\/$/, "")}/enrolement#${made.token}`} what={t("invite.link")} />}
          <p class="muted">{base ? t("invite.or_token") : t("invite.token_only")}</p>
          <Line text={String(made.token)} what={t("invite.token")} />
          <div class="actions">
            <button type="button" class="primary" onClick={() => setMade(undefined)}>
              {t("invite.done")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function PeopleTable({ rows }: { rows: Answer[] }) {
  const columns: Column<Answer>[] = [
    { key: "name", title: t("account.name"), head: true, value: (p) => p.name, show: (p) => <a href={`/personnes/${p.person}`}><Raw text={p.name} /></a> },
    { key: "login", title: t("login.name"), value: (p) => p.login, show: (p) => <code>{p.login}</code> },
    { key: "vendor", title: t("window.vendor"), value: (p) => p.vendor, show: (p) => <Raw text={p.vendor} /> },
    { key: "roles", title: t("account.roles"), value: (p) => (p.roles as string[]).join(", "), show: (p) => (p.roles as string[]).map((role) => word("role", role)).join(", ") },
    { key: "state", title: t("window.state"), value: (p) => word("state.person", p.state), show: (p) => <PersonState state={p.state} /> },
    { key: "last", title: t("people.last"), value: (p) => p.last_login_at, show: (p) => showMoment(p.last_login_at) },
    { key: "acts", title: "", class: "acts", show: (p) => (p.state === "invited" && p.login !== me().login ? <Invite person={p} small /> : null) },
  ];
  return <Table id="p" caption={t("team.people")} columns={columns} rows={rows} rowKey={(p) => p.login} csv="personnes" empty={<Empty title={t("people.none")}><p>{t("people.none_text")}</p></Empty>} />;
}

/** What the reader may give somebody of the hospital, as policyd judges it (people_rules.h). */
const granted = () => [...(hasRole("dsi") ? ["escort"] : []), ...(hasRole("rssi") ? ["auditor", "log_manager"] : []), ...(hasRole("platform_admin") ? ["dsi", "rssi", "platform_admin"] : [])];

export function People() {
  const list = useCall("person.list", {}, ["person", "credential"]);
  const { data, problem, stale, reload } = list;
  const [side, setSide] = useQuery("cote");
  const [state, setState] = useQuery("etat");
  const [adding, setAdding] = useState(false);
  const rows = ((data?.rows ?? []) as Answer[]).filter((p) => (!side || (side === "hospital") === !p.vendor) && (!state || p.state === state));
  return (
    <Page title={t("people.title")} actions={<><a class="button" href="/revues"><Icon name="circle-check" />{t("accounts.title")}</a>{granted().length > 0 && <button type="button" class="primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("people.add_hospital")}</button>}</>}>
      <div class="filters">
        <Filter name="side" label={t("people.side")} value={side} onValue={setSide} options={[["", t("filter.all")], ["hospital", t("people.hospital")], ["vendor", t("people.vendors")]]} />
        <Filter name="state" label={t("window.state")} value={state} onValue={setState} options={[["", t("filter.all")], ...["invited", "active", "suspended", "blocked", "archived"].map((one): [string, string] => [one, word("state.person", one)])]} />
      </div>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <PeopleTable rows={rows} />}
      <More list={list} />
      {adding && <AddPerson roles={granted()} onClose={() => setAdding(false)} done={reload} />}
    </Page>
  );
}

/** Who controls is the RSSI's to say (WEB:TR3): an auditor until a day, and of what; a log manager. */
function Grant({ login, name, done }: { login: string; name: string; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [role, setRole] = useState("auditor");
  const [limits, setLimits] = useState(noLimits);
  const act = useAct();
  const grant = () =>
    act.run(
      () => checkLimits(role, limits),
      async () => {
        const { until, scope } = sentLimits(limits);
        await call("role.grant", { person: login, role, until, scope: role === "auditor" ? scope : undefined });
        setOpen(false);
        done();
      },
    );
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {t("people.grant")}
      </button>
      {open && (
        <Dialog title={t("people.grant_title", { name })} onClose={() => setOpen(false)}>
          <Form act={act} onSubmit={() => void grant()} submit={t("people.grant")} extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
            <Select name="role" label={t("people.role")} value={role} onValue={setRole} options={["auditor", "log_manager"].map((one) => [one, word("role", one)])} />
            <LimitFields role={role} value={limits} onValue={setLimits} errors={act.errors} />
          </Form>
        </Dialog>
      )}
    </>
  );
}

function RoleRow({ role, login, done }: { role: Answer; login: string; done: () => void }) {
  const scope = role.scope as { vendors: string[]; assets: string[] } | null | undefined;
  const taken = hasRole("rssi") && login !== me().login && ["auditor", "log_manager"].includes(String(role.role));
  return (
    <li>
      <strong>{word("role", role.role)}</strong> <span class="muted">{t("story.by", { who: String(role.granted_by) })} <Moment at={role.granted_at} /></span>
      {role.valid_to && <> {t("people.until", { at: showMoment(role.valid_to) })}</>}
      {scope && <div>{t("limits.to")} <Raw text={[...scope.vendors, ...scope.assets].join(", ")} /></div>}
      {taken && (
        <div class="actions">
          <AskButton tone="small danger" label={word("role", role.role)} done={done} question={() => ({ title: t("people.revoke_title", { role: word("role", role.role), name: login }), consequence: t("people.revoke_consequence"), reason: t("form.reason"), submit: t("people.revoke"), tone: "danger", act: ({ reason }) => call("role.revoke", { person: login, role: role.role, reason }) })}>
            {t("people.revoke")}
          </AskButton>
        </div>
      )}
    </li>
  );
}

type Act = "person.suspend" | "person.block" | "person.reactivate" | "person.archive";
/** One person: who, since when, by whom verified, and what takes it away. */
export function Person({ id }: { id: string }) {
  const { data: p, problem, stale, reload } = useCall("person.show", { person: id }, ["person", "credential"]);
  if (!p) return <Page title={t("people.one")}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const login = String(p.login);
  const name = `${p.first_name} ${p.last_name}`;
  const self = p.login === me().login;
  const change = (request: Act, words: "suspend" | "block" | "reactivate" | "archive") => (
    <AskButton
      tone={words === "reactivate" ? "" : "danger"}
      label={login}
      done={reload}
      question={() => ({ title: `${word("person_act", words)} – ${name}`, consequence: word("person_consequence", words), reason: t("form.reason"), submit: word("person_act", words), tone: words === "reactivate" ? "primary" : "danger", act: ({ reason }) => call(request, { person: login, reason }) })}
    >
      {word("person_act", words)}
    </AskButton>
  );
  return (
    <Page
      title={name}
      lead={<span class="chips"><PersonState state={p.state} />{p.state_reason && <Raw text={p.state_reason} />}</span>}
      actions={
        !self && (
          <>
            {["invited", "active"].includes(p.state) && <Invite person={{ ...p, name }} />}
            {!p.identity_verified_at && p.state !== "archived" && (
              <AskButton tone="primary" icon="shield-check" label={login} done={reload} question={() => ({ title: t("verify.title", { name }), consequence: t("verify.consequence"), reason: t("verify.how"), submit: t("verify.submit"), act: ({ reason }) => call("person.verify_identity", { person: login, how: reason }) })}>
                {t("verify.submit")}
              </AskButton>
            )}
            {["active", "invited"].includes(p.state) && change("person.suspend", "suspend")}
            {["active", "invited", "suspended"].includes(p.state) && change("person.block", "block")}
            {["suspended", "blocked"].includes(p.state) && change("person.reactivate", "reactivate")}
            {p.state !== "archived" && change("person.archive", "archive")}
          </>
        )
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {!p.identity_verified_at && p.state !== "archived" && <Notice tone="warn" title={t("verify.missing")} />}
      <div class="split">
        <section class="card">
          <h2>{t("account.me")}</h2>
          <Facts
            rows={[
              [t("login.name"), <code>{p.login}</code>],
              [t("window.vendor"), <Raw text={p.vendor} />],
              p.subcontractor && [t("subs.name"), <Raw text={p.subcontractor} />],
              [word("person_field", "mail"), <Raw text={p.mail} />],
              [word("person_field", "phone"), <Raw text={p.phone} />],
              [t("verify.state"), p.identity_verified_at ? <><Moment at={p.identity_verified_at} /> <Raw text={p.identity_verified_by} /> – <Raw text={p.identity_verified_how} /></> : t("verify.no")],
              [t("people.last"), p.last_login_at ? <><Moment at={p.last_login_at} /> <Raw text={p.last_login_from} /></> : "–"],
              [t("account.failures"), String(p.failures_since)],
              [t("vendor.created"), <Moment at={p.created_at} />],
            ]}
          />
        </section>
        <section class="card">
          <h2>{t("account.roles")}</h2>
          <ul class="plain">
            {((p.role_rows ?? []) as Answer[]).map((role) => (
              <RoleRow key={role.role} role={role} login={login} done={reload} />
            ))}
          </ul>
          {hasRole("rssi") && !self && !p.vendor && <Grant login={login} name={name} done={reload} />}
        </section>
      </div>
    </Page>
  );
}
