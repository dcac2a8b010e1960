import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { t } from "../lib/text";
import { showSpan } from "../lib/time";
import { Empty, Loading, Notice, ProblemBox, Raw, TimeLeft, WindowState } from "../parts/basics";
import { Page, Section } from "../parts/page";
import { type Column, Table } from "../parts/table";
import { askedColumns } from "./home";

/** D10. Emergencies: what waits now, what is open, and what was granted before. */
export function Emergencies() {
  const { data, problem, stale, reload } = useCall("window.list", {}, ["window"]);
  const rows = ((data?.rows ?? []) as Answer[]).filter((w) => w.emergency);
  const asked = rows.filter((w) => w.state === "requested");
  const others = rows.filter((w) => w.state !== "requested");
  const columns: Column<Answer>[] = [
    { key: "window", title: t("report.window"), head: true, value: (w) => w.window, show: (w) => <a href={`/creneaux/${w.window}`}>{w.window}</a> },
    { key: "state", title: t("window.state"), value: (w) => w.state, show: (w) => <WindowState state={w.state} /> },
    { key: "vendor", title: t("window.vendor"), value: (w) => w.vendor, show: (w) => <Raw text={w.vendor} /> },
    { key: "assets", title: t("window.targets"), value: (w) => (w.assets as string[]).join(", "), show: (w) => <Raw text={(w.assets as string[]).join(", ")} /> },
    { key: "opens", title: t("window.when"), value: (w) => w.opens, show: (w) => <>{showSpan(w.opens, w.closes)} {w.state === "open" && <TimeLeft to={w.closes} />}</> },
    { key: "reason", title: t("window.reason"), value: (w) => w.reason, show: (w) => <Raw text={w.reason} /> },
  ];
  return (
    <Page title={t("emergency.title")} lead={<p>{t("emergency.lead")}</p>}>
      <Notice tone="info" title={t("emergency.how")}>
        <ol>
          <li>{t("emergency.one")}</li>
          <li>{t("emergency.two")}</li>
          <li>{t("emergency.three")}</li>
        </ol>
      </Notice>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && (
        <>
          <Section title={t("dsi.asked")} count={asked.length}>
            <Table id="d" caption={t("dsi.asked")} columns={askedColumns(reload)} rows={asked} rowKey={(w) => w.window} empty={<Empty title={t("emergency.none")} />} />
          </Section>
          <Section title={t("emergency.before")} count={others.length}>
            <Table id="c" caption={t("emergency.before")} columns={columns} rows={others} rowKey={(w) => w.window} csv="urgences" empty={<Empty title={t("emergency.never")} />} />
          </Section>
        </>
      )}
    </Page>
  );
}
