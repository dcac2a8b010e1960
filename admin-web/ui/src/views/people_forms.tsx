import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { t, word } from "../lib/text";
import { Notice, Raw } from "../parts/basics";
import { Area, Dialog, Form, Input, useAct } from "../parts/form";
import { Table } from "../parts/table";

export function AddPerson({ vendor, roles, onClose, done }: { vendor?: string; roles: readonly string[]; onClose: () => void; done: () => void }) {
  const [f, set] = useState({ first_name: "", last_name: "", login: "", mail: "", phone: "", role: roles[0] ?? "" });
  const act = useAct();
  const field = (name: keyof typeof f) => ({ name, value: f[name], error: act.errors[name], onValue: (value: string) => set({ ...f, [name]: value }), maxLength: 120 });
  return (
    <Dialog title={t("people.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("people.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => Object.fromEntries((["first_name", "last_name", "login", "mail"] as const).filter((name) => !f[name].trim()).map((name) => [name, t("form.wants", { what: word("person_field", name) })])),
            async () => {
              await call("person.create", { ...f, phone: f.phone || undefined, vendor });
              done();
              onClose();
            },
          )
        }
      >
        <div class="row">
          <Input {...field("first_name")} label={word("person_field", "first_name")} autocomplete="off" />
          <Input {...field("last_name")} label={word("person_field", "last_name")} autocomplete="off" />
        </div>
        <Input {...field("login")} label={word("person_field", "login")} help={t("people.login_help")} autocomplete="off" />
        <Input {...field("mail")} label={word("person_field", "mail")} type="email" autocomplete="off" />
        <Input {...field("phone")} label={word("person_field", "phone")} optional autocomplete="off" />
        {roles.length > 1 && (
          <div class="field">
            <label for="f-role">{t("people.role")}</label>
            <select id="f-role" onChange={(event) => set({ ...f, role: event.currentTarget.value })}>
              {roles.map((role) => (
                <option key={role} value={role} selected={role === f.role}>{word("role", role)}</option>
              ))}
            </select>
          </div>
        )}
        <p class="muted">{t("people.then")}</p>
      </Form>
    </Dialog>
  );
}

export function AddSource({ vendor, onClose, done }: { vendor?: string; onClose: () => void; done: () => void }) {
  const [range, setRange] = useState("");
  const [reason, setReason] = useState("");
  const act = useAct();
  return (
    <Dialog title={t("source.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("source.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => ({ ...(range.trim() ? {} : { range: t("source.range_missing") }), ...(reason.trim() ? {} : { reason: t("form.reason_missing") }) }),
            async () => {
              await call("source.declare", { range: range.trim(), reason: reason.trim(), vendor });
              done();
              onClose();
            },
          )
        }
      >
        <Input name="range" label={t("source.range")} help={t("source.range_help")} autocomplete="off" value={range} onValue={setRange} error={act.errors.range} maxLength={64} />
        <Area name="reason" label={t("form.reason")} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1000} />
        <p class="muted">{t("source.then")}</p>
      </Form>
    </Dialog>
  );
}

/** A table of people: tried first, every wrong line shown; recorded whole or not at all. */
export function ImportPeople({ vendor, onClose, done }: { vendor?: string; onClose: () => void; done: () => void }) {
  const [csv, setCsv] = useState("");
  const [trial, setTrial] = useState<Answer>();
  const act = useAct();
  const errors = (trial?.errors ?? []) as Answer[];
  const isGood = trial !== undefined && errors.length === 0;
  const take = (text: string) => {
    setCsv(text);
    setTrial(undefined);
  };
  return (
    <Dialog title={t("import.open")} onClose={onClose}>
      <Form
        act={act}
        submit={isGood ? t("import.act", { n: String(trial.good) }) : t("import.trial")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => (csv.trim() ? {} : { csv: t("import.missing") }),
            async () => {
              if (!isGood) return setTrial(await call("person.import", { csv, vendor, dry_run: true }));
              await call("person.import", { csv, vendor });
              done();
              onClose();
            },
          )
        }
      >
        <div class="field">
          <label for="f-csv-file">{t("import.take")}</label>
          <input
            id="f-csv-file"
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => void event.currentTarget.files?.[0]?.text().then(take)}
          />
        </div>
        <Area name="csv" label={t("import.table")} help={t("import.help")} value={csv} onValue={take} error={act.errors.csv} rows={8} />
        {isGood && <Notice tone="good" title={t("import.good", { n: String(trial.good) })} />}
        {errors.length > 0 && (
          <>
            <Notice tone="bad" title={t("import.wrong", { n: String(errors.length) })} />
            <Table
              id="i"
              caption={t("import.wrong", { n: String(errors.length) })}
              columns={[
                { key: "line", title: t("import.line"), head: true, value: (e) => e.line, show: (e) => String(e.line) },
                { key: "login", title: t("login.name"), value: (e) => e.login, show: (e) => <Raw text={e.login} /> },
                { key: "text", title: t("import.error"), value: (e) => e.text, show: (e) => <><Raw text={e.text} />{e.remedy && <div class="help"><Raw text={e.remedy} /></div>}</> },
              ]}
              rows={errors}
              rowKey={(e) => String(e.line)}
              empty={null}
            />
          </>
        )}
        <p class="muted">{t("import.then")}</p>
      </Form>
    </Dialog>
  );
}
