import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showDate, showSpan, useNow } from "../lib/time";
import { Emergency, Empty, Icon, Loading, Notice, ProblemBox, Raw, TimeLeft } from "../parts/basics";
import { AskButton } from "../parts/form";
import { Page, Section } from "../parts/page";
import { hasRole, isLimited, keepsTraces, me } from "../parts/session";
import { type Column, Table } from "../parts/table";
import { SessionTable } from "./sessions";
import { Approve, ExtensionRequests, Refuse } from "./window_acts";

export const Home = () => (keepsTraces() ? <Traces /> : <Overview />);

/** For whoever keeps the traces: how they stand, and where to look. */
function Traces() {
  const system = useCall("system.status", {}, ["session", "recording"]);
  const alerts = alertsOf(system.data);
  return (
    <Page
      title={t("dsi.title")}
      lead={<p>{t("traces.lead")}</p>}
      actions={
        <>
          <a class="button" href="/recherche"><Icon name="search" />{t("nav.search")}</a>
          <a class="button" href="/enregistrements"><Icon name="eye" />{t("nav.recordings")}</a>
        </>
      }
    >
      {system.problem && !system.data && <ProblemBox problem={system.problem} retry={system.reload} />}
      {alerts.length > 0 && (
        <Notice tone="bad" title={t("dsi.alerts")}>
          <ul>
            {alerts.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Notice>
      )}
    </Page>
  );
}

/** D1. What waits for somebody, first. */
function Overview() {
  const windows = useCall("window.list", {}, ["window"]);
  const sessions = useCall("session.list", { live: true }, ["session", "window"]);
  const reports = useCall("report.list", { late: true }, ["report"]);
  const visas = useCall("report.list", { state: "submitted" }, ["report"]);
  const system = useCall("system.status", isLimited() ? null : {}, ["session", "recording", "window", "asset", "report"]);
  const urgent = useCall("emergency.list", {}, ["window", "emergency"]);
  const at = useNow(15_000);
  const rows = (windows.data?.rows ?? []) as Answer[];
  const asked = rows.filter((w) => w.state === "requested").sort((a, b) => Number(b.emergency) - Number(a.emergency) || Date.parse(a.opens) - Date.parse(b.opens));
  const open = rows.filter((w) => w.state === "open");
  const ending = open.filter((w) => Date.parse(w.closes) - at < 15 * 60_000);
  const live = (sessions.data?.rows ?? []) as Answer[];
  const late = ((reports.data?.rows ?? []) as Answer[]).length;
  const alerts = alertsOf(system.data);
  const emergencies = ((urgent.data?.rows ?? []) as Answer[]).filter((w) => !w.verdict && w.state !== "expired");
  const n = (list: unknown[], loaded: Answer | undefined) => (loaded ? String(list.length) : "–");
  return (
    <Page title={t("dsi.title")}>
      <ul class="counters">
        <Counter href="#asked" icon="calendar-days" n={n(asked, windows.data)} text={t("dsi.asked")} tone={asked.some((w) => w.emergency) ? "alarm" : asked.length ? "hot" : ""} />
        <Counter href="/sessions" icon="monitor" n={n(live, sessions.data)} text={t("dsi.live")} />
        <Counter href="/creneaux?etat=open" icon="clock" n={n(ending, windows.data)} text={t("dsi.ending")} tone={ending.length ? "hot" : ""} />
        <Counter href="/comptes-rendus?etat=late" icon="file-text" n={reports.data ? String(late) : "–"} text={t("dsi.late")} tone={late ? "alarm" : ""} />
        <Counter href="/comptes-rendus?etat=submitted" icon="pen-line" n={n((visas.data?.rows ?? []) as Answer[], visas.data)} text={t("dsi.visas")} />
        <Counter href="#alerts" icon="triangle-alert" n={system.data ? String(alerts.length) : "–"} text={t("dsi.alerts")} tone={alerts.length ? "alarm" : ""} />
      </ul>
      {[windows, sessions, reports, system].some((one) => one.stale) && <Notice tone="warn" title={t("page.stale")} />}
      {windows.problem && !windows.data && <ProblemBox problem={windows.problem} retry={windows.reload} />}
      {!windows.data && !windows.problem && <Loading />}
      {alerts.length > 0 && (
        <div id="alerts">
          <Notice tone="bad" title={t("dsi.alerts")} actions={<AcknowledgeRollback status={system.data} done={system.reload} />}>
            <ul>
              {alerts.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      {emergencies.length > 0 && (
        <Notice tone="bad" title={t("emergency.follow")} actions={<a class="button" href="/urgence">{t("emergency.see")}</a>}>
          <ul>
            {emergencies.map((w) => (
              <li key={w.window}>
                <a href={`/creneaux/${w.window}`}>{w.window}</a> – <Raw text={w.vendor} />, <Raw text={(w.assets as string[]).join(", ")} /> · {showSpan(w.opens, w.closes)} · {t("emergency.by", { who: String(w.granted_by) })}
                {w.due && <> · <strong>{t("emergency.is_due")}</strong></>}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <LimitedTo />
      <AuditDue />
      <ExtensionRequests />
      {windows.data && (
        <Section id="asked" title={t("dsi.asked")} count={asked.length}>
          <Table id="d" caption={t("dsi.asked")} columns={askedColumns(windows.reload)} rows={asked} rowKey={(w) => w.window} csv="demandes" empty={<Empty title={t("dsi.none_asked")}><p>{t("dsi.none_asked_text")}</p></Empty>} />
        </Section>
      )}
      {sessions.data && (
        <Section title={t("dsi.live")} count={live.length}>
          <SessionTable rows={live} windows={rows} reload={sessions.reload} />
        </Section>
      )}
      {open.length > 0 && (
        <Section title={t("dsi.open")} count={open.length}>
          <div class="cards">
            {open.map((w) => (
              <article class="card open" key={w.window}>
                <div class="card-head">
                  <h3>
                    <a href={`/creneaux/${w.window}`}><Raw text={(w.assets as string[]).join(", ")} /></a>
                  </h3>
                  {w.emergency && <Emergency />}
                </div>
                <p>
                  <Raw text={w.vendor} /> · {showSpan(w.opens, w.closes)}
                </p>
                <TimeLeft to={w.closes} />
              </article>
            ))}
          </div>
        </Section>
      )}
    </Page>
  );
}

/** E-TEM-01: the RSSI answers for a state that is older than what the witness knows, or for a witness that is gone. */
function AcknowledgeRollback({ status, done }: { status: Answer | undefined; done: () => void }) {
  if (!hasRole("rssi") || !["rolled_back", "lost"].includes(String(status?.witness?.state))) return null;
  return (
    <AskButton tone="danger" done={done} question={() => ({ title: t("rollback.title"), consequence: t("rollback.consequence"), reason: t("form.reason"), submit: t("rollback.acknowledge"), tone: "danger", signs: me().login, act: ({ reason, password, code }) => call("journal.acknowledge", { reason, password, code }) })}>
      {t("rollback.acknowledge")}
    </AskButton>
  );
}

/** What a limited auditor's pages leave out, said once. */
function LimitedTo() {
  const scope = me().scope;
  if (!scope || !isLimited()) return null;
  return (
    <Notice tone="info" title={t("limits.title")}>
      {scope.vendors.length > 0 && <p>{t("limits.vendors")} <Raw text={scope.vendors.join(", ")} /></p>}
      {scope.assets.length > 0 && <p>{t("limits.assets")} <Raw text={scope.assets.join(", ")} /></p>}
    </Notice>
  );
}

/** Audits of the traces that are due, or that wait for whoever drew them. */
function AuditDue() {
  const { data } = useCall("audit.list", hasRole("rssi", "auditor") ? {} : null, ["audit", "session"]);
  if (!data) return null;
  const mine = (data.rows as Answer[]).filter((a) => !a.outcome && a.drawn_by === me().login);
  const due = hasRole("rssi") && data.due;
  if (!due && mine.length === 0) return null;
  return (
    <Notice tone={due ? "bad" : "warn"} title={due ? t("audit.is_due", { at: showDate(data.next_due) }) : t("audit.waits")} actions={<a class="button" href="/audits">{t("audit.see")}</a>}>
      {mine.map((a) => (
        <p key={a.audit}>
          <a href={`/audits/${a.audit}`}>{a.audit}</a> – {t("audit.to_judge", { n: a.missing })}
        </p>
      ))}
    </Notice>
  );
}

function Counter({ href, icon, n, text, tone = "" }: { href: string; icon: string; n: string; text: string; tone?: string }) {
  return (
    <li>
      <a href={href} class={tone}>
        <strong>{n}</strong>
        <span>
          <Icon name={icon} />
          {text}
        </span>
      </a>
    </li>
  );
}

export function alertsOf(status: Answer | undefined): string[] {
  if (!status) return [];
  const alerts: string[] = [];
  if (status.recorder !== "ok") alerts.push(t("alert.recorder", { state: word("recorder", status.recorder) }));
  const witness = status.witness?.state;
  if (witness === "rolled_back") alerts.push(t("alert.rolled_back"));
  if (witness === "lost" || witness === "unreachable") alerts.push(t("alert.witness"));
  if (status.timestamps?.code) alerts.push(t("alert.timestamps", { n: status.timestamps.waiting ?? 0, code: status.timestamps.code }));
  if (status.failed_recordings > 0) alerts.push(t("alert.failed", { n: status.failed_recordings }));
  if (status.unpinned_assets > 0) alerts.push(t("alert.unpinned", { n: status.unpinned_assets }));
  if (status.charter === 0) alerts.push(t("alert.charter"));
  if (Math.abs(status.clock_ahead_s) > 5) alerts.push(t("alert.clock", { n: status.clock_ahead_s }));
  if (status.contracts_ending > 0) alerts.push(t("alert.contracts", { n: status.contracts_ending }));
  return alerts;
}

export function askedColumns(reload: () => void): Column<Answer>[] {
  return [
    {
      key: "asset",
      title: t("window.targets"),
      head: true,
      value: (w) => (w.assets as string[]).join(", "),
      show: (w) => (
        <>
          <a href={`/creneaux/${w.window}`}><Raw text={(w.assets as string[]).join(", ")} /></a>{" "}
          {w.emergency && <Emergency />}
        </>
      ),
    },
    { key: "vendor", title: t("window.vendor"), value: (w) => w.vendor, show: (w) => <Raw text={w.vendor} /> },
    { key: "opens", title: t("window.when"), value: (w) => w.opens, show: (w) => showSpan(w.opens, w.closes) },
    { key: "nature", title: t("window.nature"), value: (w) => word("nature", w.nature), show: (w) => word("nature", w.nature) },
    { key: "reason", title: t("window.reason"), value: (w) => w.reason, show: (w) => <Raw text={w.reason} /> },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (w) => (
        <div class="actions">
          <Approve window={w} small done={reload} />
          <Refuse window={w} small done={reload} />
        </div>
      ),
    },
  ];
}
