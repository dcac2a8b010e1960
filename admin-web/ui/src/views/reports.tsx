import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Empty, Loading, Notice, ProblemBox, Raw, ReportState } from "../parts/basics";
import { Page } from "../parts/page";
import { type Column, Filter, More, Table } from "../parts/table";

const states = ["due", "returned", "submitted", "accepted"];

/** All reports that this person may see; the console's D6 is the same list with the hospital's acts. */
export function Reports({ hospital = false }: { hospital?: boolean }) {
  const [state, setState] = useQuery("etat");
  const list = useCall("report.list", {}, ["report", "window"]);
  const { data, problem, stale, reload } = list;
  const rows = ((data?.rows ?? []) as Answer[]).filter((r) => (state === "late" ? r.late : !state || r.state === state));
  const columns: Column<Answer>[] = [
    { key: "report", title: t("report.number"), head: true, value: (r) => r.report, show: (r) => <a href={`/comptes-rendus/${r.report}`}>{r.report}</a> },
    { key: "state", title: t("window.state"), value: (r) => word("state.report", r.state), show: (r) => <ReportState state={r.state} late={r.late} /> },
    { key: "vendor", title: t("window.vendor"), value: (r) => r.vendor, show: (r) => <Raw text={r.vendor} /> },
    { key: "window", title: t("report.window"), value: (r) => r.window, show: (r) => <a href={`/creneaux/${r.window}`}>{r.window}</a> },
    { key: "due", title: t("report.due_at"), value: (r) => r.due_at, show: (r) => showMoment(r.due_at) },
  ];
  return (
    <Page title={t("reports.title")} lead={<p>{hospital ? t("reports.lead_hospital") : t("reports.lead")}</p>}>
      <div class="filters">
        <Filter name="state" label={t("window.state")} value={state} onValue={setState} options={[["", t("filter.all")], ["late", t("report.late")], ...states.map((one): [string, string] => [one, word("state.report", one)])]} />
      </div>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="cr" caption={t("reports.title")} columns={columns} rows={rows} rowKey={(r) => r.report} csv="comptes-rendus" empty={<Empty title={state ? t("filter.none") : t("reports.none")}><p>{t("reports.none_text")}</p></Empty>} />}
      <More list={list} />
    </Page>
  );
}
