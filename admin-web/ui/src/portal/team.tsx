import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showDate, showMoment } from "../lib/time";
import { Empty, Icon, Loading, PersonState, ProblemBox, Raw, SourceState } from "../parts/basics";
import { Later } from "../parts/app";
import { AskButton } from "../parts/form";
import { Page, Section } from "../parts/page";
import { type Column, More, Table } from "../parts/table";
import { me } from "../parts/session";
import { AddPerson, AddSource } from "../views/people_forms";

/** For the vendor's manager: people who leave are suspended at once, addresses are asked for. */
export function Team() {
  const people = useCall("person.list", {}, ["person"]);
  const sources = useCall("source.list", {}, ["source"]);
  const [adding, setAdding] = useState<"person" | "import" | "source">();
  const persons: Column<Answer>[] = [
    { key: "name", title: t("account.name"), head: true, value: (p) => p.name, show: (p) => <Raw text={p.name} /> },
    { key: "login", title: t("login.name"), value: (p) => p.login, show: (p) => <code>{p.login}</code> },
    { key: "roles", title: t("account.roles"), value: (p) => (p.roles as string[]).join(", "), show: (p) => (p.roles as string[]).map((role) => word("role", role)).join(", ") },
    { key: "state", title: t("window.state"), value: (p) => word("state.person", p.state), show: (p) => <PersonState state={p.state} /> },
    { key: "last", title: t("people.last"), value: (p) => p.last_login_at, show: (p) => showMoment(p.last_login_at) },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (p) =>
        ["active", "invited"].includes(p.state) && p.login !== me().login ? (
          <AskButton
            tone="danger small"
            label={p.name}
            done={people.reload}
            question={() => ({
              title: t("people.leave_title", { name: String(p.name) }),
              consequence: t("people.suspend_consequence"),
              reason: t("form.reason"),
              submit: t("people.leave"),
              tone: "danger",
              act: ({ reason }) => call("person.suspend", { person: p.login, reason }),
            })}
          >
            {t("people.leave")}
          </AskButton>
        ) : null,
    },
  ];
  const addresses: Column<Answer>[] = [
    { key: "range", title: t("source.range"), head: true, value: (s) => s.range, show: (s) => <code>{s.range}</code> },
    { key: "state", title: t("window.state"), value: (s) => word("state.source", s.state), show: (s) => <SourceState state={s.state} /> },
    { key: "reason", title: t("form.reason"), value: (s) => s.reason, show: (s) => <Raw text={s.reason} /> },
    { key: "from", title: t("source.from"), value: (s) => s.valid_from, show: (s) => showDate(s.valid_from) },
    { key: "to", title: t("source.to"), value: (s) => s.valid_to, show: (s) => showDate(s.valid_to) },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (s) =>
        ["declared", "approved"].includes(s.state) ? (
          <AskButton
            tone="danger small"
            label={s.range}
            done={sources.reload}
            question={() => ({ title: t("source.remove_title", { range: String(s.range) }), consequence: t("source.remove_consequence"), reason: t("form.reason"), submit: t("source.remove"), tone: "danger", act: ({ reason }) => call("source.remove", { source: s.source, reason }) })}
          >
            {t("source.remove")}
          </AskButton>
        ) : null,
    },
  ];
  return (
    <Page title={t("team.title")} lead={<p>{t("team.lead")}</p>} actions={<a class="button" href="/revues"><Icon name="circle-check" />{t("accounts.title")}</a>}>
      <Section title={t("team.people")} count={people.data ? (people.data.rows as Answer[]).length : undefined} actions={<><button type="button" onClick={() => setAdding("person")}><Icon name="plus" />{t("people.add")}</button><button type="button" onClick={() => setAdding("import")}>{t("import.open")}</button></>}>
        {people.problem && <ProblemBox problem={people.problem} retry={people.reload} />}
        {!people.data && !people.problem && <Loading />}
        {people.data && <Table id="p" caption={t("team.people")} columns={persons} rows={people.data.rows as Answer[]} rowKey={(p) => p.login} csv="personnes" empty={<Empty title={t("people.none")} />} />}
        <More list={people} />
      </Section>
      <Section title={t("team.addresses")} actions={<button type="button" onClick={() => setAdding("source")}><Icon name="plus" />{t("source.add")}</button>}>
        {sources.problem && <ProblemBox problem={sources.problem} retry={sources.reload} />}
        {sources.data && <Table id="a" caption={t("team.addresses")} columns={addresses} rows={sources.data.rows as Answer[]} rowKey={(s) => s.source} csv="adresses" empty={<Empty title={t("source.none")}><p>{t("source.none_text")}</p></Empty>} />}
        <More list={sources} />
      </Section>
      {adding === "person" && <AddPerson roles={["technician"]} onClose={() => setAdding(undefined)} done={people.reload} />}
      {adding === "import" && <Later load={() => import("../views/people_import")} show={({ ImportPeople }) => <ImportPeople onClose={() => setAdding(undefined)} done={people.reload} />} />}
      {adding === "source" && <AddSource onClose={() => setAdding(undefined)} done={sources.reload} />}
    </Page>
  );
}
