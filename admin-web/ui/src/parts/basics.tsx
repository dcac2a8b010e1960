import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t, word } from "../lib/text";
import { now, showDuration, showMoment, showZone, useNow } from "../lib/time";
import type { Problem } from "../lib/call";

declare const ICONS_URL: string;

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" aria-hidden="true" focusable="false">
      <use href={`${ICONS_URL}#${name}`} />
    </svg>
  );
}

/** Text from outside: what would draw over its neighbours or turn the line around is shown as a mark. */
// biome-ignore lint: these are the characters that are looked for.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
export function Raw({ text }: { text: unknown }) {
  if (text === null || text === undefined || text === "") return <span class="muted">–</span>;
  const value = String(text);
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of value.matchAll(hidden)) {
    parts.push(value.slice(at, match.index));
    const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(
      <span class="mark" title={t("raw.hidden", { code })}>
        {`⟨U+${code}⟩`}
      </span>,
    );
    at = match.index + 1;
  }
  parts.push(value.slice(at));
  return <bdi class="raw">{parts}</bdi>;
}

const tones: Record<string, string> = {
  requested: "info", approved: "calm", open: "good", closed: "quiet", refused: "bad", cancelled: "quiet", expired: "quiet", draft: "quiet",
  due: "warn", returned: "warn", submitted: "info", accepted: "good", late: "bad",
  active: "good", invited: "info", suspended: "bad", blocked: "bad", archived: "quiet", disabled: "bad",
  declared: "info", removed: "quiet", objected: "bad",
  sealed: "good", interrupted: "warn", failed: "bad", purged: "quiet",
};
const symbols: Record<string, string> = { good: "circle-check", bad: "circle-x", warn: "triangle-alert", info: "info", calm: "circle-check", quiet: "chevron-right" };

/** A state in words, with a shape: never a colour alone. */
export function Chip({ tone, icon, children }: { tone: string; icon?: string; children: ComponentChildren }) {
  return (
    <span class={`chip ${tone}`}>
      <Icon name={icon ?? symbols[tone] ?? "info"} />
      {children}
    </span>
  );
}
export const WindowState = ({ state }: { state: string }) => <Chip tone={tones[state] ?? "quiet"}>{word("state.window", state)}</Chip>;
export const ReportState = ({ state, late }: { state: string; late?: boolean }) => (
  <>
    <Chip tone={late ? "bad" : (tones[state] ?? "quiet")}>{word("state.report", state)}</Chip>
    {late && <strong class="late">{t("report.late")}</strong>}
  </>
);
export const PersonState = ({ state }: { state: string }) => <Chip tone={tones[state] ?? "quiet"}>{word("state.person", state)}</Chip>;
export const SourceState = ({ state }: { state: string }) => <Chip tone={tones[state] ?? "quiet"}>{word("state.source", state)}</Chip>;
export const RecordingState = ({ state }: { state: string }) => <Chip tone={state === "open" ? "live" : (tones[state] ?? "quiet")} {...(state === "open" ? { icon: "eye" } : {})}>{word("state.recording", state)}</Chip>;
export const Emergency = () => <Chip tone="bad" icon="siren">{t("window.emergency")}</Chip>;

/** What is left until `to`, counted live; announced only at 30, 10, 5 and 1 minutes. */
export function TimeLeft({ to, announce = false }: { to: string; announce?: boolean }) {
  const at = useNow();
  const left = Date.parse(to) - at;
  const said = useRef<number>(0);
  const [spoken, speak] = useState("");
  const step = [1, 5, 10, 30].find((minutes) => left <= minutes * 60_000) ?? 0;
  useEffect(() => {
    if (!announce || left <= 0 || step === 0 || said.current === step) return;
    if (said.current !== 0 || left > (step - 0.5) * 60_000) speak(t("time.announce", { left: showDuration(left) }));
    said.current = step;
  }, [step]);
  return (
    <span class={left <= 0 ? "left over" : left < 10 * 60_000 ? "left soon" : "left"}>
      <Icon name="clock" />
      {left <= 0 ? t("time.over") : t("time.left", { left: showDuration(left) })}
      {announce && <span role="status" class="unseen">{spoken}</span>}
    </span>
  );
}

export function Zone({ at = now() }: { at?: number | string }) {
  return <span class="zone">{showZone(at)}</span>;
}
export const Moment = ({ at, seconds = false }: { at: string | null | undefined; seconds?: boolean }) =>
  at ? <time dateTime={at}>{showMoment(at, seconds)}</time> : <span class="muted">–</span>;

export function Notice({ tone = "info", title, children, actions }: { tone?: string; title?: ComponentChildren; children?: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={symbols[tone] ?? "info"} />
      <div>
        {title && <p class="notice-title">{title}</p>}
        {children && <div>{children}</div>}
        {actions && <div class="actions">{actions}</div>}
      </div>
    </div>
  );
}

/** A refusal in the server's words: what, what to do, and the reference to give on the phone. */
export function ProblemBox({ problem, retry }: { problem: Problem; retry?: (() => void) | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div ref={box} role="alert">
      <Notice
        tone="bad"
        title={problem.detail || problem.title}
        actions={
          retry && (
            <button type="button" onClick={retry}>
              <Icon name="refresh-cw" />
              {t("act.retry")}
            </button>
          )
        }
      >
        {problem.remedy && <p>{problem.remedy}</p>}
        <p class="muted">
          {t("problem.code", { code: problem.code })}
          {problem.reference && (
            <>
              {" · "}
              {t("problem.reference")} <strong class="code">{problem.reference}</strong>
            </>
          )}
        </p>
      </Notice>
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      {t("page.loading")}
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Copies a text and says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, set] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 3000);
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => void copy()}>
        <Icon name={done ? "circle-check" : "copy"} />
        {done ? t("act.copied") : t("act.copy")}
        <span class="unseen"> {what}</span>
      </button>
      <span role="status" class="unseen">
        {done ? t("act.copied_what", { what }) : ""}
      </span>
    </>
  );
}

/** A line to type elsewhere, with its button. */
export function Line({ text, what }: { text: string; what: string }) {
  return (
    <div class="line">
      <code>{text}</code>
      <Copy text={text} what={what} />
    </div>
  );
}

/** Facts as a list of names and values; those without a value are left out unless `all`. */
export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren] | null | false)[] }) {
  return (
    <dl class="facts">
      {rows.map(
        (row) =>
          row && (
            <div key={row[0]}>
              <dt>{row[0]}</dt>
              <dd>{row[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
