import { useEffect, useState } from "preact/hooks";
import { currentLanguage, plural, t } from "./text";

/** Hours are Paris's wherever the reader sits; the wire has UTC. */
const zone = "Europe/Paris";
const locale = () => (currentLanguage() === "fr" ? "fr-FR" : "en-GB");

let ahead = 0; // of this machine's clock, in ms; it may be wrong, the server's decides
export function noteServerTime(date: string | null): void {
  const at = date ? Date.parse(date) : Number.NaN;
  if (Number.isFinite(at)) {
    const seen = Date.now() - at;
    // The header has whole seconds.
    if (Math.abs(seen - ahead) > 1500) ahead = seen;
  }
}
export const now = () => Date.now() - ahead;

export function useNow(every = 1000): number {
  const [at, set] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => set(now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return at;
}

const made = new Map<string, Intl.DateTimeFormat>();
function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale() + JSON.stringify(options);
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), { timeZone: zone, ...options });
    made.set(key, found);
  }
  return found;
}

type Instant = string | number | null | undefined;
const toDate = (at: Instant) => (at === null || at === undefined || at === "" ? null : new Date(at));

const day = { day: "2-digit", month: "2-digit", year: "numeric" } as const;
const minute = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
export function showDate(at: Instant): string {
  const date = toDate(at);
  return date ? formatter(day).format(date) : "–";
}
/** "24/11/2026 20:00" */
export function showMoment(at: Instant, seconds = false): string {
  const date = toDate(at);
  if (!date) return "–";
  return `${formatter(day).format(date)} ${formatter(seconds ? { ...minute, second: "2-digit" } : minute).format(date)}`;
}
export function showHour(at: Instant): string {
  const date = toDate(at);
  return date ? formatter(minute).format(date) : "–";
}
export function showWeekday(at: Instant): string {
  const date = toDate(at);
  return date ? formatter({ weekday: "long", day: "numeric", month: "long" }).format(date) : "–";
}
/** "heure de Paris, UTC+1" */
export function showZone(at: Instant = now()): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(toDate(at) ?? new Date());
  const offset = parts.find((part) => part.type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "";
  return t("time.zone", { offset });
}
/** "24/11/2026 20:00 – 22:00", with the second day when it is another. */
export function showSpan(from: Instant, to: Instant): string {
  return showDate(from) === showDate(to) ? `${showMoment(from)} – ${showHour(to)}` : `${showMoment(from)} – ${showMoment(to)}`;
}

/** "1 h 05", "12 min", "45 s" */
export function showDuration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("time.seconds", { n: s });
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  if (minutes < 48 * 60) return t("time.hours", { h: Math.floor(minutes / 60), m: String(minutes % 60).padStart(2, "0") });
  return plural("time.days", Math.floor(minutes / 1440));
}

/** How far Paris is from UTC at this instant, in ms. */
function offsetAt(at: number): number {
  const parts = formatter({ ...day, ...minute, second: "2-digit" }).formatToParts(new Date(at));
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const shown = Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second"));
  return shown - Math.floor(at / 1000) * 1000;
}
/** "2026-11-24T20:00" as typed (Paris) to "2026-11-24T19:00:00Z"; undefined for what is no date. */
export function toUtc(local: string): string | undefined {
  const typed = Date.parse(`${local}Z`);
  if (!Number.isFinite(typed)) return undefined;
  const first = typed - offsetAt(typed);
  const at = typed - offsetAt(first);
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
/** For an input of type datetime-local. */
export function toLocal(at: Instant): string {
  const date = toDate(at);
  if (!date) return "";
  return new Date(date.getTime() + offsetAt(date.getTime())).toISOString().slice(0, 16);
}
