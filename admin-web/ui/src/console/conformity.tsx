import { type Answer, fileAddress } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { plural, t, word } from "../lib/text";
import { Chip, Empty, Icon, Loading, Notice, ProblemBox } from "../parts/basics";
import { Input } from "../parts/form";
import { Page } from "../parts/page";
import { type Column, Filter, Table } from "../parts/table";

const states = ["answered", "partial", "coming"];
const tones: Record<string, string> = { answered: "good", partial: "warn", coming: "quiet" };
/** All of it on one page: it is searched, and printed. */
const rows_max = 1000;

interface Setting {
  key: string;
  value: string;
  asked: string;
  ok: boolean;
}

function Settings({ list }: { list: readonly Setting[] }) {
  return (
    <ul>
      {list.map((one) => (
        <li key={one.key}>
          <code>
            {one.key} = {one.value}
          </code>
          {!one.ok && <strong> {t("conformity.asked", { asked: one.asked })}</strong>}
        </li>
      ))}
    </ul>
  );
}

function Evidence({ row }: { row: Answer }) {
  const settings = row.settings as Setting[];
  const proofs = row.proofs as string[];
  if (settings.length === 0 && proofs.length === 0) return null;
  return (
    <details open={Boolean(row.weakened)}>
      <summary>
        {t("conformity.details")}
        <span class="unseen"> {row.clause}</span>
      </summary>
      {settings.length > 0 && (
        <>
          <p class="muted">{t("conformity.settings")}</p>
          <Settings list={settings} />
        </>
      )}
      {proofs.length > 0 && (
        <>
          <p class="muted">{t("conformity.proofs")}</p>
          <ul lang="en">
            {proofs.map((proof) => (
              <li key={proof}>{proof}</li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

function Downloads() {
  return (
    <>
      {(["csv", "pdf"] as const).map((format) => (
        <a key={format} class="button" href={fileAddress("conformity.export", { format })} download>
          <Icon name="download" />
          {format === "csv" ? t("conformity.csv") : t("conformity.pdf")}
        </a>
      ))}
    </>
  );
}

/** R6. Each clause of the reference texts, and what meets it with the settings in force. */
export function Conformity() {
  const [text, setText] = useQuery("q");
  const [state, setState] = useQuery("etat");
  const { data, problem, reload } = useCall("conformity.show", {}, []);
  const all = (data?.rows ?? []) as Answer[];
  const wanted = text.trim().toLowerCase();
  const rows = all.filter((row) => (!state || row.state === state) && (!wanted || [row.clause, row.title, row.answer].some((one) => String(one).toLowerCase().includes(wanted))));
  const count = (of: string) => all.filter((row) => row.state === of).length;
  const weakened = all.filter((row) => row.weakened).length;
  const columns: Column<Answer>[] = [
    { key: "clause", title: t("conformity.clause"), head: true, value: (r) => r.clause, show: (r) => <>{r.clause}<div class="muted" lang="fr">{r.title}</div></> },
    { key: "state", title: t("conformity.state"), value: (r) => r.state, show: (r) => <><Chip tone={tones[r.state] ?? "quiet"}>{word("conformity.state", r.state)}</Chip>{r.weakened && <strong class="late"> {t("conformity.weakened")}</strong>}</> },
    { key: "answer", title: t("conformity.answer"), show: (r) => <><div lang="fr">{r.answer}</div><Evidence row={r} /></> },
    { key: "page", title: t("conformity.page"), value: (r) => r.page, show: (r) => <span class="muted">{r.page}</span> },
  ];
  return (
    <Page title={t("conformity.title")} lead={<p>{t("conformity.lead")}</p>} actions={<Downloads />}>
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && (
        <>
          <p>{t("conformity.counts", { answered: count("answered"), partial: count("partial"), coming: count("coming") })}</p>
          {weakened > 0 && <Notice tone="warn" title={plural("conformity.weakened_count", weakened)} />}
          <div class="filters">
            <Input name="q" label={t("conformity.search")} value={text} onValue={setText} optional autocomplete="off" maxLength={128} />
            <Filter name="etat" label={t("conformity.state")} value={state} onValue={setState} options={[["", t("filter.all")], ...states.map((one): [string, string] => [one, word("conformity.state", one)])]} />
          </div>
          <Table id="x" caption={t("conformity.title")} columns={columns} rows={rows} rowKey={(r) => r.clause} pageSize={rows_max} empty={<Empty title={t("conformity.none")} />} />
        </>
      )}
    </Page>
  );
}
