import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { t } from "../lib/text";
import { showSpan, showZone, toUtc } from "../lib/time";
import { Chip, Empty, Icon, Loading, Notice, ProblemBox, Raw } from "../parts/basics";
import { AskButton, type Errors, Form, Input, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole } from "../parts/session";
import { type Column, Table } from "../parts/table";

/** The on-call rota: whom vendors telephone in an emergency. */
export function Rota() {
  const { data, problem, stale, reload } = useCall("oncall.list", {}, ["oncall", "person"]);
  const [adding, setAdding] = useState(false);
  const may = hasRole("dsi");
  const columns: Column<Answer>[] = [
    { key: "when", title: t("window.when"), head: true, value: (o) => o.from, show: (o) => <>{showSpan(o.from, o.until)} {o.now && <Chip tone="good">{t("oncall.now")}</Chip>}</> },
    { key: "name", title: t("oncall.person"), value: (o) => o.name, show: (o) => <Raw text={o.name} /> },
    { key: "phone", title: t("oncall.phone"), value: (o) => o.phone, show: (o) => <Raw text={o.phone} /> },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (o) =>
        may && (
          <AskButton tone="small danger" icon="x" label={String(o.name)} done={reload} question={() => ({ title: t("oncall.remove"), consequence: t("oncall.remove_consequence", { name: String(o.name) }), submit: t("oncall.remove"), tone: "danger", act: () => call("oncall.remove", { oncall: o.oncall }) })}>
            {t("oncall.remove")}
          </AskButton>
        ),
    },
  ];
  return (
    <Page
      title={t("oncall.title")}
      lead={<p>{t("oncall.lead")}</p>}
      actions={
        may &&
        !adding && (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            {t("oncall.add")}
          </button>
        )
      }
    >
      {adding && (
        <AddTurn
          onClose={() => setAdding(false)}
          done={() => {
            setAdding(false);
            reload();
          }}
        />
      )}
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="o" caption={t("oncall.title")} columns={columns} rows={(data.rows ?? []) as Answer[]} rowKey={(o) => o.oncall} csv="astreinte" empty={<Empty title={t("oncall.none")}><p>{t("oncall.none_text")}</p></Empty>} />}
    </Page>
  );
}

function AddTurn({ onClose, done }: { onClose: () => void; done: () => void }) {
  const [person, setPerson] = useState("");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [phone, setPhone] = useState("");
  const act = useAct();
  const check = (): Errors => ({
    ...(person.trim() ? {} : { person: t("oncall.person_missing") }),
    ...(toUtc(from) ? {} : { from: t("ask.opens_missing") }),
    ...(toUtc(until) ? {} : { until: t("ask.closes_missing") }),
    ...(phone.trim() ? {} : { phone: t("oncall.phone_missing") }),
  });
  const send = () =>
    act.run(check, async () => {
      await call("oncall.add", { person: person.trim(), from: toUtc(from) ?? "", until: toUtc(until) ?? "", phone: phone.trim() });
      done();
    });
  const zone = showZone(new Date().toISOString());
  return (
    <div class="card narrow">
      <h2>{t("oncall.add")}</h2>
      <Form act={act} onSubmit={() => void send()} submit={t("oncall.submit")} extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}>
        <Input name="person" label={t("oncall.login")} help={t("oncall.login_help")} value={person} onValue={setPerson} error={act.errors.person} maxLength={64} autocomplete="off" spellcheck={false} />
        <div class="row">
          <Input name="from" type="datetime-local" label={t("ask.opens")} help={zone} value={from} onValue={setFrom} error={act.errors.from} />
          <Input name="until" type="datetime-local" label={t("ask.closes")} help={zone} value={until} onValue={setUntil} error={act.errors.until} />
        </div>
        <Input name="phone" type="tel" label={t("oncall.phone")} value={phone} onValue={setPhone} error={act.errors.phone} maxLength={32} autocomplete="off" />
      </Form>
    </div>
  );
}
