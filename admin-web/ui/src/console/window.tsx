import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Chip, Icon, Loading, Notice, ProblemBox, Raw, TimeLeft } from "../parts/basics";
import { Page, Section } from "../parts/page";
import { hasRole, me } from "../parts/session";
import { WindowFacts, WindowStory } from "../views/window_parts";
import { SessionTable } from "./sessions";
import { Approve, Cancel, Close, Escort, Extend, ExtensionRequests, OpenNow, Presence, Question, Refuse } from "./window_acts";

/** D2, and the same window until it is closed. */
export function ConsoleWindow({ id }: { id: string }) {
  const { data: w, problem, stale, reload } = useCall("window.show", { window: id }, ["window", "session"]);
  const sessions = useCall("session.list", { window: id }, ["session"]);
  const title = t("window.title", { id });
  if (!w) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const rows = (sessions.data?.rows ?? []) as Answer[];
  return (
    <Page
      title={title}
      lead={w.state === "open" ? <TimeLeft to={w.closes} announce /> : undefined}
      actions={
        <>
          {w.state === "requested" && <Approve window={w} done={reload} />}
          {w.state === "requested" && <Refuse window={w} done={reload} />}
          {w.state === "requested" && <Question window={w} done={reload} />}
          {w.state === "approved" && w.open_mode === "manual" && <OpenNow window={w} done={reload} />}
          {["approved", "open"].includes(w.state) && <Extend window={w} done={reload} />}
          {["requested", "approved", "open"].includes(w.state) && <Escort window={w} done={reload} />}
          {["approved", "open"].includes(w.state) && hasRole("dsi", "escort") && <Presence window={w} done={reload} />}
          {w.state === "open" && <Close window={w} done={reload} />}
          {w.state === "approved" && <Cancel window={w} done={reload} />}
        </>
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {w.state === "open" && <ExtensionRequests window={id} />}
      <Decided window={w} />
      <div class="split">
        <section class="card">
          <h2>{t("window.request")}</h2>
          <WindowFacts window={w} />
        </section>
        <div>
          {w.state === "requested" && <Checks window={w} />}
          <WindowStory window={w} />
          {w.report && (
            <p>
              <a class="button" href={`/comptes-rendus/${w.report}`}>
                <Icon name="file-text" />
                {t("window.see_report")}
              </a>
            </p>
          )}
        </div>
      </div>
      {(rows.length > 0 || w.state === "open") && (
        <Section title={t("window.sessions")} count={rows.length}>
          <SessionTable rows={rows} windows={[w]} reload={sessions.reload} />
        </Section>
      )}
    </Page>
  );
}

/** Decided meanwhile by somebody else: said by name. */
function Decided({ window: w }: { window: Answer }) {
  if (w.state === "requested" || !w.decided_by) return null;
  const tone = w.state === "refused" || w.state === "cancelled" ? "quiet" : "info";
  const key = w.state === "refused" ? "decided.refused" : w.state === "cancelled" ? "decided.cancelled" : "decided.approved";
  return <Notice tone={tone} title={t(key, { who: w.decided_by === me().login ? t("decided.you") : String(w.decided_by), at: showMoment(w.decided_at) })} />;
}

const checks = ["usage_hours", "report_late", "person_not_active", "identity_not_verified"] as const;
/** What speaks for and against, before the decision; nothing here forbids. */
function Checks({ window: w }: { window: Answer }) {
  const remarks = (w.remarks ?? []) as string[];
  return (
    <Section title={t("checks.title")}>
      <ul class="plain">
        {checks.map((one) => {
          const bad = remarks.includes(one);
          return (
            <li key={one} class="chips">
              <Chip tone={bad ? "warn" : "good"}>{bad ? t("checks.look") : t("checks.fine")}</Chip>
              <span>{bad ? word("remark", one) : word("remark_ok", one)}</span>
            </li>
          );
        })}
        {remarks
          .filter((one) => !(checks as readonly string[]).includes(one))
          .map((one) => (
            <li key={one} class="chips">
              <Chip tone="warn">{t("checks.look")}</Chip>
              <Raw text={word("remark", one)} />
            </li>
          ))}
      </ul>
      {w.requested_by === me().login && <Notice tone="warn" title={t("checks.own")} />}
    </Section>
  );
}
