import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall, useWhole } from "../lib/live";
import { navigate } from "../lib/route";
import { t, word } from "../lib/text";
import { showDate, toLocal, toUtc, useNow } from "../lib/time";
import { Chip, Empty, Facts, Icon, Loading, Notice, PersonState, ProblemBox, Raw, SourceState } from "../parts/basics";
import { Later } from "../parts/app";
import { AskButton, Dialog, type Errors, Form, Input, Select, useAct } from "../parts/form";
import { Page, Section } from "../parts/page";
import { type Column, More, Table } from "../parts/table";
import { AddPerson, AddSource } from "../views/people_forms";
import { PeopleTable } from "./people";

function Contract({ vendor: v }: { vendor: Answer }) {
  const at = useNow(60_000);
  const left = Date.parse(v.contract_to) - at;
  return (
    <>
      {showDate(v.contract_from)} – {showDate(v.contract_to)}{" "}
      {left < 0 ? <Chip tone="bad">{t("vendor.contract_over")}</Chip> : left < 90 * 86_400_000 ? <Chip tone="warn">{t("vendor.contract_soon")}</Chip> : null}
    </>
  );
}

/** D7, the list. */
export function Vendors() {
  const list = useCall("vendor.list", {}, ["vendor", "person"]);
  const { data, problem, stale, reload } = list;
  const [adding, setAdding] = useState(false);
  const columns: Column<Answer>[] = [
    { key: "name", title: t("window.vendor"), head: true, value: (v) => v.name, show: (v) => <a href={`/titulaires/${v.vendor}`}><Raw text={v.name} /></a> },
    { key: "state", title: t("window.state"), value: (v) => word("state.person", v.state), show: (v) => <PersonState state={v.state} /> },
    { key: "reference", title: t("vendor.reference"), value: (v) => v.contract_reference, show: (v) => <Raw text={v.contract_reference} /> },
    { key: "to", title: t("vendor.contract"), value: (v) => v.contract_to, show: (v) => <Contract vendor={v} /> },
    { key: "people", title: t("vendor.people"), class: "end", value: (v) => Number(v.people), show: (v) => v.people },
  ];
  return (
    <Page title={t("vendors.title")} actions={<button type="button" class="primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("vendor.add")}</button>}>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="t" caption={t("vendors.title")} columns={columns} rows={data.rows as Answer[]} rowKey={(v) => v.vendor} csv="titulaires" empty={<Empty title={t("vendors.none")}><p>{t("vendors.none_text")}</p></Empty>} />}
      <More list={list} />
      {adding && <AddVendor onClose={() => setAdding(false)} />}
    </Page>
  );
}

function AddVendor({ onClose }: { onClose: () => void }) {
  const [f, set] = useState({ name: "", contract_reference: "", contract_from: "", contract_to: "", contact: "", contact_mail: "", contact_phone: "" });
  const act = useAct();
  const field = (name: keyof typeof f, label: string) => ({ name, label, value: f[name], error: act.errors[name], onValue: (value: string) => set({ ...f, [name]: value }) });
  return (
    <Dialog title={t("vendor.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("vendor.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => {
              const errors: Errors = {};
              if (!f.name.trim()) errors.name = t("vendor.name_missing");
              if (!f.contract_reference.trim()) errors.contract_reference = t("vendor.reference_missing");
              if (!f.contract_from) errors.contract_from = t("vendor.date_missing");
              if (!f.contract_to) errors.contract_to = t("vendor.date_missing");
              else if (f.contract_to <= f.contract_from) errors.contract_to = t("ask.closes_early");
              return errors;
            },
            async () => {
              const made = await call("vendor.create", {
                name: f.name.trim(),
                contract_reference: f.contract_reference.trim(),
                contract_from: toUtc(`${f.contract_from}T00:00`) ?? "",
                contract_to: toUtc(`${f.contract_to}T00:00`) ?? "",
                contact: f.contact || undefined,
                contact_mail: f.contact_mail || undefined,
                contact_phone: f.contact_phone || undefined,
              });
              navigate(`/titulaires/${made.vendor}`);
            },
          )
        }
      >
        <Input {...field("name", t("vendor.name"))} maxLength={200} autocomplete="off" />
        <Input {...field("contract_reference", t("vendor.reference"))} maxLength={200} autocomplete="off" />
        <div class="row">
          <Input {...field("contract_from", t("vendor.from"))} type="date" />
          <Input {...field("contract_to", t("vendor.to"))} type="date" help={t("vendor.to_help")} />
        </div>
        <Input {...field("contact", t("vendor.contact"))} optional maxLength={200} autocomplete="off" />
        <div class="row">
          <Input {...field("contact_mail", t("vendor.contact_mail"))} optional type="email" autocomplete="off" />
          <Input {...field("contact_phone", t("vendor.contact_phone"))} optional autocomplete="off" />
        </div>
      </Form>
    </Dialog>
  );
}

/** D7, one company: contract, scope, people, addresses, subcontractors. */
export function Vendor({ id }: { id: string }) {
  const { data: v, problem, stale, reload } = useCall("vendor.show", { vendor: id }, ["vendor", "asset"]);
  const people = useCall("person.list", v ? { vendor: id } : null, ["person", "credential"]);
  const sources = useCall("source.list", v ? { vendor: id } : null, ["source"]);
  const subs = useWhole("subcontractor.list", {}, ["subcontractor"]);
  const assets = useWhole("asset.list", {}, ["asset"]);
  const [adding, setAdding] = useState<"person" | "import" | "source" | "asset" | "contract">();
  if (!v) return <Page title={t("window.vendor")}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const name = String(v.name);
  const scope = (v.assets ?? []) as Answer[];
  const free = ((assets.data?.rows ?? []) as Answer[]).filter((a) => !scope.some((one) => one.name === a.name));
  const mine = ((subs.data?.rows ?? []) as Answer[]).filter((one) => one.vendor === v.name);
  const active = v.state === "active";
  return (
    <Page
      title={name}
      lead={<span class="chips"><PersonState state={v.state} />{v.state_reason && <Raw text={v.state_reason} />}</span>}
      actions={
        <>
          <button type="button" onClick={() => setAdding("contract")}><Icon name="pen-line" />{t("vendor.contract_change")}</button>
          <AskButton
            tone={active ? "danger" : "primary"}
            done={reload}
            question={() => ({
              title: active ? t("vendor.suspend_title", { name }) : t("vendor.reactivate_title", { name }),
              consequence: active ? t("vendor.suspend_consequence") : t("vendor.reactivate_consequence"),
              reason: t("form.reason"),
              submit: active ? t("vendor.suspend") : t("vendor.reactivate"),
              tone: active ? "danger" : "primary",
              act: ({ reason }) => (active ? call("vendor.suspend", { vendor: name, reason }) : call("vendor.reactivate", { vendor: name, reason })),
            })}
          >
            {active ? t("vendor.suspend") : t("vendor.reactivate")}
          </AskButton>
        </>
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      <div class="split">
        <section class="card">
          <h2>{t("vendor.contract")}</h2>
          <Facts rows={[[t("vendor.reference"), <Raw text={v.contract_reference} />], [t("vendor.dates"), <Contract vendor={v} />], [t("vendor.created"), showDate(v.created_at)]]} />
        </section>
        <section class="card">
          <div class="card-head">
            <h2>{t("vendor.scope")}</h2>
            {free.length > 0 && <button type="button" class="small" onClick={() => setAdding("asset")}><Icon name="plus" />{t("vendor.scope_add")}</button>}
          </div>
          {scope.length === 0 && <Empty title={t("vendor.scope_none")} />}
          <ul class="plain">
            {scope.map((a) => (
              <li key={a.name} class="card-head">
                <span><a href={`/cibles/${a.name}`}><Raw text={a.name} /></a> <span class="muted"><Raw text={a.description} /></span></span>
                <AskButton tone="quiet" icon="x" label={a.name} done={reload} question={() => ({ title: t("vendor.scope_remove_title", { asset: String(a.name) }), consequence: t("vendor.scope_remove_consequence"), submit: t("source.remove"), tone: "danger", act: () => call("vendor.asset_remove", { vendor: name, asset: a.name }) })}>
                  {t("source.remove")}
                </AskButton>
              </li>
            ))}
          </ul>
        </section>
      </div>
      <Section title={t("team.people")} count={people.data ? (people.data.rows as Answer[]).length : undefined} actions={<><button type="button" onClick={() => setAdding("person")}><Icon name="plus" />{t("people.add")}</button><button type="button" onClick={() => setAdding("import")}>{t("import.open")}</button></>}>
        {people.problem && <ProblemBox problem={people.problem} retry={people.reload} />}
        {people.data && <PeopleTable rows={people.data.rows as Answer[]} />}
        <More list={people} />
      </Section>
      <Section title={t("team.addresses")} actions={<button type="button" onClick={() => setAdding("source")}><Icon name="plus" />{t("source.add")}</button>}>
        {sources.problem && <ProblemBox problem={sources.problem} retry={sources.reload} />}
        {sources.data && <Table id="a" caption={t("team.addresses")} columns={sourceColumns(sources.reload)} rows={sources.data.rows as Answer[]} rowKey={(s) => s.source} csv="adresses" empty={<Empty title={t("source.none")}><p>{t("source.none_text")}</p></Empty>} />}
        <More list={sources} />
      </Section>
      {mine.length > 0 && (
        <Section title={t("subs.title")}>
          <Table id="u" caption={t("subs.title")} columns={subColumns(subs.reload)} rows={mine} rowKey={(one) => one.subcontractor} csv="sous-traitants" empty={null} />
        </Section>
      )}
      {adding === "person" && <AddPerson vendor={name} roles={["technician", "vendor_manager"]} onClose={() => setAdding(undefined)} done={people.reload} />}
      {adding === "import" && <Later load={() => import("../views/people_import")} show={({ ImportPeople }) => <ImportPeople vendor={name} onClose={() => setAdding(undefined)} done={people.reload} />} />}
      {adding === "source" && <AddSource vendor={name} onClose={() => setAdding(undefined)} done={sources.reload} />}
      {adding === "asset" && <AddAsset vendor={name} free={free} onClose={() => setAdding(undefined)} done={reload} />}
      {adding === "contract" && <ChangeContract vendor={v} onClose={() => setAdding(undefined)} done={reload} />}
    </Page>
  );
}

function sourceColumns(reload: () => void): Column<Answer>[] {
  return [
    { key: "range", title: t("source.range"), head: true, value: (s) => s.range, show: (s) => <code>{s.range}</code> },
    { key: "state", title: t("window.state"), value: (s) => word("state.source", s.state), show: (s) => <SourceState state={s.state} /> },
    { key: "reason", title: t("form.reason"), value: (s) => s.reason, show: (s) => <Raw text={s.reason} /> },
    { key: "by", title: t("source.by"), value: (s) => s.declared_by, show: (s) => <><Raw text={s.declared_by} /> <span class="muted">{showDate(s.declared_at)}</span></> },
    { key: "to", title: t("source.to"), value: (s) => s.valid_to, show: (s) => showDate(s.valid_to) },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (s) => (
        <div class="actions">
          {s.state === "declared" && (
            <>
              <AskButton tone="primary small" label={s.range} done={reload} question={() => ({ title: t("source.approve_title", { range: String(s.range) }), consequence: t("source.approve_consequence"), submit: t("source.approve"), act: () => call("source.approve", { source: s.source }) })}>
                {t("source.approve")}
              </AskButton>
              <AskButton tone="danger small" label={s.range} done={reload} question={() => ({ title: t("source.refuse_title", { range: String(s.range) }), consequence: t("source.refuse_consequence"), reason: t("form.reason"), submit: t("source.refuse"), tone: "danger", act: ({ reason }) => call("source.refuse", { source: s.source, reason }) })}>
                {t("source.refuse")}
              </AskButton>
            </>
          )}
          {s.state === "approved" && (
            <AskButton tone="danger small" label={s.range} done={reload} question={() => ({ title: t("source.remove_title", { range: String(s.range) }), consequence: t("source.remove_consequence"), reason: t("form.reason"), submit: t("source.remove"), tone: "danger", act: ({ reason }) => call("source.remove", { source: s.source, reason }) })}>
              {t("source.remove")}
            </AskButton>
          )}
        </div>
      ),
    },
  ];
}

function subColumns(reload: () => void): Column<Answer>[] {
  return [
    { key: "name", title: t("subs.name"), head: true, value: (one) => one.name, show: (one) => <Raw text={one.name} /> },
    { key: "until", title: t("subs.until"), value: (one) => one.until, show: (one) => showDate(one.until) },
    { key: "decision", title: t("window.state"), value: (one) => one.decision, show: (one) => <Chip tone={one.decision === "accepted" ? "good" : one.decision ? "bad" : "info"}>{one.decision ? word("decision", one.decision) : t("subs.waiting")}</Chip> },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (one) =>
        !one.decision && (
          <div class="actions">
            <AskButton tone="primary small" label={one.name} done={reload} question={() => ({ title: t("subs.accept_title", { name: String(one.name) }), consequence: t("subs.accept_consequence"), submit: t("subs.accept"), act: () => call("subcontractor.accept", { subcontractor: one.subcontractor }) })}>
              {t("subs.accept")}
            </AskButton>
            <AskButton tone="danger small" label={one.name} done={reload} question={() => ({ title: t("subs.object_title", { name: String(one.name) }), consequence: t("subs.object_consequence"), reason: t("form.reason"), submit: t("subs.object"), tone: "danger", act: ({ reason }) => call("subcontractor.object", { subcontractor: one.subcontractor, reason }) })}>
              {t("subs.object")}
            </AskButton>
          </div>
        ),
    },
  ];
}

function AddAsset({ vendor, free, onClose, done }: { vendor: string; free: Answer[]; onClose: () => void; done: () => void }) {
  const [asset, setAsset] = useState("");
  const act = useAct();
  return (
    <Dialog title={t("vendor.scope_add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("vendor.scope_add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => (asset ? ({} as Errors) : { asset: t("ask.assets_missing") }),
            async () => {
              await call("vendor.asset_add", { vendor, asset });
              onClose();
              done();
            },
          )
        }
      >
        <Select name="asset" label={t("window.targets")} value={asset} error={act.errors.asset} onValue={setAsset} options={[["", t("form.choose")], ...free.map((a): [string, string] => [a.name, `${a.name} – ${a.description}`])]} />
      </Form>
    </Dialog>
  );
}

function ChangeContract({ vendor: v, onClose, done }: { vendor: Answer; onClose: () => void; done: () => void }) {
  const [reference, setReference] = useState(String(v.contract_reference));
  const [from, setFrom] = useState(toLocal(v.contract_from).slice(0, 10));
  const [to, setTo] = useState(toLocal(v.contract_to).slice(0, 10));
  const act = useAct();
  return (
    <Dialog title={t("vendor.contract_change")} onClose={onClose}>
      <Form
        act={act}
        submit={t("act.save_changes")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => {
              const errors: Errors = {};
              if (!reference.trim()) errors.reference = t("vendor.reference_missing");
              if (!from) errors.from = t("vendor.date_missing");
              if (!to || to <= from) errors.to = t("ask.closes_early");
              return errors;
            },
            async () => {
              await call("vendor.contract", { vendor: v.name, contract_reference: reference.trim(), contract_from: toUtc(`${from}T00:00`), contract_to: toUtc(`${to}T00:00`) });
              onClose();
              done();
            },
          )
        }
      >
        <p class="consequence">{t("vendor.contract_consequence")}</p>
        <Input name="reference" label={t("vendor.reference")} value={reference} onValue={setReference} error={act.errors.reference} maxLength={200} />
        <div class="row">
          <Input name="from" type="date" label={t("vendor.from")} value={from} onValue={setFrom} error={act.errors.from} />
          <Input name="to" type="date" label={t("vendor.to")} help={t("vendor.to_help")} value={to} onValue={setTo} error={act.errors.to} />
        </div>
      </Form>
    </Dialog>
  );
}
