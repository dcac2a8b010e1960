import type { ComponentChildren } from "preact";
import type { Answer } from "../lib/call";
import { t, word } from "../lib/text";
import { showSpan } from "../lib/time";
import { Chip, Emergency, Facts, Moment, Raw, WindowState, Zone } from "../parts/basics";
import { Section } from "../parts/page";

/** What a window was asked for and what was decided, for both doors. */
export function WindowFacts({ window: w }: { window: Answer }) {
  const details = (w.details ?? {}) as Record<string, unknown>;
  const targets = w.targets as Answer[];
  const yes = (on: unknown) => (on ? t("form.yes") : t("form.no"));
  const text = (key: string, label: string): [string, ComponentChildren] | false => details[key] ? [label, <Raw text={details[key]} />] : false;
  return (
    <Facts
      rows={[
        [
          t("window.state"),
          <span class="chips">
            <WindowState state={w.state} />
            {w.emergency && <Emergency />}
          </span>,
        ],
        [
          t("window.when"),
          <>
            {showSpan(w.opens, w.closes)} <Zone at={w.opens} />
          </>,
        ],
        [t("window.vendor"), <Raw text={w.vendor} />],
        [t("window.people"), <Raw text={(w.people as string[]).join(", ")} />],
        [
          t("window.targets"),
          <ul class="plain">
            {targets.map((target) => (
              <li key={`${target.asset}/${target.account}`}>
                <strong><Raw text={target.asset} /></strong> {t("window.account", { account: String(target.account) })}
              </li>
            ))}
          </ul>,
        ],
        [t("window.functions"), (w.functions as string[]).map((one) => word("function", one)).join(", ")],
        [t("window.nature"), word("nature", w.nature)],
        [t("window.reason"), <Raw text={w.reason} />],
        w.ticket && [t("window.ticket"), <Raw text={w.ticket} />],
        [t("window.interruption"), yes(details.interruption)],
        [t("window.health_data"), yes(details.health_data)],
        text("procedure", t("ask.procedure")),
        text("tools", t("ask.tools")),
        text("functions_kept", t("ask.functions_kept")),
        text("safeguards", t("ask.safeguards")),
        text("update_origin", t("ask.update_origin")),
        text("update_sha256", t("ask.update_sha256")),
        text("rollback_plan", t("ask.rollback_plan")),
        [t("window.mode"), word("mode", w.open_mode)],
        w.escort && [t("window.escort_name"), <Raw text={w.escort} />],
        w.escort_required && [t("window.presence"), <Presences window={w} />],
        w.escort_watch && [t("window.input"), t("window.input_watched")],
        w.report_lifted_reason && [t("story.lifted"), <Raw text={w.report_lifted_reason} />],
      ]}
    />
  );
}

/** Whether the hospital is there now: without it nothing opens. */
export function Presences({ window: w }: { window: Answer }) {
  const there = ((w.presences ?? []) as Answer[]).filter((one) => !one.left);
  if (there.length === 0) return <Chip tone="warn">{t("escort.nobody")}</Chip>;
  return (
    <span class="chips">
      <Chip tone="good">{t("escort.there")}</Chip> <Raw text={there.map((one) => one.name).join(", ")} />
    </span>
  );
}

export function WindowStory({ window: w }: { window: Answer }) {
  const steps: [string, string | null, string | null, string | null][] = [
    [t("story.requested"), w.requested_at, w.requested_by, null],
    [w.state === "refused" ? t("story.refused") : w.state === "cancelled" ? t("story.cancelled") : t("story.approved"), w.decided_at, w.decided_by, w.decision_reason],
    [t("story.opened"), w.opened_at, w.opened_by, null],
    ...((w.extensions ?? []) as Answer[]).map((one): [string, string | null, string | null, string | null] => [t("story.extended"), one.to, one.extended_by, one.reason]),
    [t("story.closed"), w.closed_at, w.closed_by, w.close_reason],
  ];
  return (
    <Section title={t("story.title")}>
      <ul class="plain">
        {steps.map(
          ([what, at, by, why], i) =>
            at && (
              <li key={i}>
                <strong>{what}</strong> <Moment at={at} /> {by && <span class="muted">{t("story.by", { who: by })}</span>}
                {why && (
                  <div>
                    <Raw text={why} />
                  </div>
                )}
              </li>
            ),
        )}
        {((w.questions ?? []) as Answer[]).map((one) => (
          <li key={one.question_id}>
            <strong>{t("question.title")}</strong> <Moment at={one.asked_at} /> <span class="muted">{t("story.by", { who: String(one.asked_by) })}</span>
            <div>
              <Raw text={one.question} />
            </div>
            <div>
              {one.answer ? (
                <>
                  → <Raw text={one.answer} /> <span class="muted">{t("story.by", { who: String(one.answered_by) })}</span>
                </>
              ) : (
                <span class="muted">{t("question.waiting")}</span>
              )}
            </div>
          </li>
        ))}
        {((w.presences ?? []) as Answer[]).map((one) => (
          <li key={`${one.login}${one.arrived}`}>
            <strong>{t("window.presence")}</strong> <Raw text={one.name} /> <Moment at={one.arrived} /> {one.left && <>→ <Moment at={one.left} /></>}
          </li>
        ))}
        {w.override_reason && (
          <li>
            <strong>{t("story.override")}</strong>
            <div>
              <Raw text={w.override_reason} />
            </div>
          </li>
        )}
      </ul>
    </Section>
  );
}
