import { type Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showMoment, showSpan, useNow } from "../lib/time";
import { Chip, Emergency, Empty, Icon, Loading, Notice, ProblemBox, Raw, ReportState, TimeLeft, WindowState, Zone } from "../parts/basics";
import { Page, Section } from "../parts/page";
import { hasRole, me, sitePhone } from "../parts/session";

/** Whether work would be let in from where the reader sits, before it is tried. */
export function AddressState() {
  const who = me();
  if (who.address_declared === null) return null;
  return who.address_declared ? (
    <p class="chips">
      <Chip tone="good" icon="shield-check">{t("home.address_declared", { address: who.address })}</Chip>
    </p>
  ) : (
    <Notice tone="bad" title={t("home.address_unknown", { address: who.address })}>
      <p>{t("home.address_remedy")}</p>
    </Notice>
  );
}

function WindowCard({ window: w }: { window: Answer }) {
  const open = w.state === "open";
  return (
    <article class={open ? "card open" : w.emergency ? "card urgent" : "card"}>
      <div class="card-head">
        <h3>
          <a href={`/creneaux/${w.window}`}>
            <Raw text={(w.assets as string[]).join(", ")} />
          </a>
        </h3>
        <span class="chips">
          {w.emergency && <Emergency />}
          <WindowState state={w.state} />
        </span>
      </div>
      <p>
        {showSpan(w.opens, w.closes)} <Zone at={w.opens} />
      </p>
      <p class="muted">
        {word("nature", w.nature)} · <Raw text={w.reason} />
      </p>
      {open && <TimeLeft to={w.closes} announce />}
      <div class="actions">
        {open ? (
          <a class="button primary" href={`/creneaux/${w.window}#connect`}>
            <Icon name="terminal" />
            {t("home.connect")}
            <span class="unseen"> {(w.assets as string[]).join(", ")}</span>
          </a>
        ) : (
          <a class="button" href={`/creneaux/${w.window}`}>
            {t("home.see")}
            <span class="unseen"> {String(w.window)}</span>
          </a>
        )}
      </div>
    </article>
  );
}

function ReportCard({ report: r }: { report: Answer }) {
  return (
    <article class={r.late ? "card urgent" : "card"}>
      <div class="card-head">
        <h3>
          <a href={`/comptes-rendus/${r.report}`}>{t("home.report_of", { window: String(r.window) })}</a>
        </h3>
        <ReportState state={r.state} late={r.late} />
      </div>
      <p>
        {t("home.due", { at: showMoment(r.due_at) })} <Zone at={r.due_at} />
      </p>
      <div class="actions">
        <a class="button primary" href={`/comptes-rendus/${r.report}`}>
          <Icon name="pen-line" />
          {r.state === "returned" ? t("home.correct") : t("home.write")}
          <span class="unseen"> {String(r.report)}</span>
        </a>
      </div>
    </article>
  );
}

/** P3. What can be done now comes first. */
export function Home() {
  const windows = useCall("window.list", {}, ["window", "session"]);
  const reports = useCall("report.list", {}, ["report", "window"]);
  const at = useNow(30_000);
  const rows = (windows.data?.rows ?? []) as Answer[];
  const ordered = [...rows].sort((a, b) => Date.parse(a.opens) - Date.parse(b.opens));
  const owed = ((reports.data?.rows ?? []) as Answer[]).filter((r) => ["due", "draft", "returned"].includes(r.state)).sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at));
  const late = owed.filter((r) => r.late);
  const technician = hasRole("technician");
  const groups: [string, Answer[]][] = [
    [t("home.open"), ordered.filter((w) => w.state === "open")],
    [t("home.coming"), ordered.filter((w) => w.state === "approved")],
    [t("home.waiting"), ordered.filter((w) => w.state === "requested")],
  ];
  const recent = rows.filter((w) => (w.state === "refused" || w.state === "cancelled" || w.state === "expired") && at - Date.parse(w.closes) < 7 * 86_400_000);
  const nothing = groups.every(([, list]) => list.length === 0);
  return (
    <Page
      title={t("home.title")}
      lead={<AddressState />}
      actions={
        <a class="button primary" href="/demande">
          <Icon name="plus" />
          {t("home.ask")}
        </a>
      }
    >
      {late.length > 0 && technician && (
        <Notice tone="bad" title={t("home.late_title")}>
          <p>{t("home.late_text")}</p>
        </Notice>
      )}
      {windows.stale && <Notice tone="warn" title={t("page.stale")} />}
      {windows.problem && !windows.data && <ProblemBox problem={windows.problem} retry={windows.reload} />}
      {!windows.data && !windows.problem && <Loading />}
      {windows.data && nothing && (
        <Empty title={t("home.none")}>
          <p>{t("home.none_text", { phone: sitePhone() || "–" })}</p>
        </Empty>
      )}
      {groups.map(
        ([title, list]) =>
          list.length > 0 && (
            <Section key={title} title={title} count={list.length}>
              <div class="cards">
                {list.map((w) => (
                  <WindowCard key={w.window} window={w} />
                ))}
              </div>
            </Section>
          ),
      )}
      {owed.length > 0 && technician && (
        <Section title={t("home.reports")} count={owed.length}>
          <div class="cards">
            {owed.map((r) => (
              <ReportCard key={r.report} report={r} />
            ))}
          </div>
        </Section>
      )}
      {recent.length > 0 && (
        <Section title={t("home.recent")} count={recent.length}>
          <div class="cards">
            {recent.map((w) => (
              <WindowCard key={w.window} window={w} />
            ))}
          </div>
        </Section>
      )}
    </Page>
  );
}
