import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { saveFile, toCsv } from "../lib/csv";
import { plural, t } from "../lib/text";
import { Facts, Icon, Notice, Raw } from "../parts/basics";
import { Area, Dialog, Form, useAct } from "../parts/form";
import { Table } from "../parts/table";

/** As the file names them, whatever the reader's language (policies/policyd/person_file.h). */
const columns = (): [string, string][] => [
  ["prénom, nom", t("import.column.name")],
  ["identifiant", t("import.column.login")],
  ["courriel", t("import.column.mail")],
  ["rôle", t("import.column.role")],
  ["téléphone", t("import.column.phone")],
  ["sous-traitant", t("import.column.subcontractor")],
  ["jusqu’au", t("import.column.until")],
  ["langue", t("import.column.language")],
];
const example = [
  ["prénom", "nom", "identifiant", "courriel", "rôle", "téléphone", "sous-traitant", "jusqu’au", "langue"],
  ["Aline", "Durand", "a.durand", "a.durand@exemple.fr", "technician", "01 99 00 12 34", "", "31/12/2027", "fr"],
  ["Paul", "Martin", "p.martin", "p.martin@exemple.fr", "vendor_manager", "", "", "", ""],
];

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
        submit={isGood ? plural("import.act", Number(trial.good)) : t("import.trial")}
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
        <details>
          <summary>{t("import.columns")}</summary>
          <Facts rows={columns()} />
          <button type="button" class="small" onClick={() => saveFile("personnes-exemple.csv", "text/csv;charset=utf-8", toCsv(example))}>
            <Icon name="download" />
            {t("import.example")}
          </button>
        </details>
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
        {isGood && <Notice tone="good" title={plural("import.good", Number(trial.good))} />}
        {errors.length > 0 && (
          <>
            <Notice tone="bad" title={plural("import.wrong", errors.length)} />
            <Table
              id="i"
              caption={plural("import.wrong", errors.length)}
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
        <p class="muted">{t("people.then")}</p>
      </Form>
    </Dialog>
  );
}
