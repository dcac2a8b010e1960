import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { plural, t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Chip, Notice, Raw } from "../parts/basics";
import { Filter } from "../parts/table";
import { Bookmarks } from "./bookmarks";
import { clockOf } from "./clock";
import { type Activity, Curve } from "./curve";
import { SnapshotProof } from "./snapshot_proof";
import { type Frame, type Picture, type Snapshot, TerminalPicture, restOfTerminal } from "./terminal";
import { type Video, VideoPicture } from "./video";

interface Moment {
  at_ms: number;
  kind: string;
  text: string;
}

const tick_ms = 100;
const step_ms = 10_000;
/** Longer without anything happening, it is skipped when the reader wants so, but for its last second. */
const idle_ms = 2_000;
const seen_every_ms = 30_000;
/** The first picture comes before the proof of the others. */
const proof_after_ms = 500;

/** Which kinds are one word for a reader; the rest are what they are called. */
const groups: Record<string, string> = { typed: "typed", exec: "command", channel: "command", transfer: "transfer", file: "transfer", clipboard: "clipboard", title: "title", bookmark: "bookmark", function_refused: "refusal", forward_refused: "refusal", gap: "gap", click: "click", shown: "gateway" };
/** What the journal tells of a session, by the last words of a type's name. */
const told: readonly (readonly [RegExp, string])[] = [
  [/\.extension_refused$|_refused$|\.refused$|_failed$/, "refusal"],
  [/\.extended$|\.extension_/, "extension"],
  [/\.message$/, "message"],
  [/\.cut$/, "cut"],
];
const groupOf = (kind: string) => groups[kind] ?? (kind.includes(".") ? (told.find(([names]) => names.test(kind))?.[1] ?? "journal") : "other");

/** The recording's own moments, the journal's and the readers', on one clock. */
function merge(first: Answer, view: Answer, bookmarks: readonly Answer[]): Moment[] {
  const own = first.timeline as Moment[];
  const happened = (view.happened as Moment[]).map((one) => ({ ...one, at_ms: Math.max(0, one.at_ms - Number(first.started_ms)) }));
  const noted = bookmarks.map((one) => ({ at_ms: Number(one.at_ms), kind: "bookmark", text: `${one.note} – ${one.name}` }));
  return [...own, ...happened, ...noted].sort((a, b) => a.at_ms - b.at_ms);
}

/** When something is to be seen: the picture changes or a moment comes. */
function activity(frames: readonly Frame[], moments: readonly Moment[], video: Video | undefined): number[] {
  const shown = video ? video.places.map(([ms]) => ms + video.start_ms) : frames.map(([us]) => us / 1000);
  return [...shown, ...moments.map((one) => one.at_ms)].sort((a, b) => a - b);
}

export function Player({ view, contentKey, first, start }: { view: Answer; contentKey: string; first: Answer; start: number }) {
  const length = Number(first.length_ms);
  const video = first.video as Video | undefined;
  const [bookmarks, setBookmarks] = useState(view.bookmarks as Answer[]);
  const moments = useMemo(() => merge(first, view, bookmarks), [first, view, bookmarks]);
  const snapshots = useRef<Snapshot[]>([...((first.snapshots as Snapshot[] | undefined) ?? [])]);
  const marks = useRef<HTMLElement>(null);
  const frames = useRef<Frame[]>([...((first.frames as Frame[] | undefined) ?? [])]);
  const stage = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLVideoElement>(null);
  const picture = useRef<Picture | undefined>(undefined);
  const wanted = useRef(0);
  const working = useRef(false);
  const seenFrom = useRef<number | undefined>(undefined);
  const [at, setAt] = useState(0);
  const [shown, setShown] = useState(-1);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("1");
  const [skip, setSkip] = useState(true);
  const [kind, setKind] = useState("");
  const [failed, setFailed] = useState(false);
  const [corrected, setCorrected] = useState(false);
  const [whole, setWhole] = useState(first.next === null || first.next === undefined);
  const busy = useMemo(() => activity(frames.current, moments, video), [moments, video, whole]);

  /** The last moment asked for is the one that comes; those in between are left out. */
  const draw = async () => {
    if (working.current || !picture.current) return;
    working.current = true;
    try {
      for (let goal = -1; goal !== wanted.current; ) {
        goal = wanted.current;
        await picture.current.show(goal);
        setShown(goal);
      }
      setFailed(false);
    } catch {
      setFailed(true);
      setPlaying(false);
    } finally {
      working.current = false;
    }
  };
  const tell = (to: number) => {
    const from = seenFrom.current;
    seenFrom.current = undefined;
    if (from === undefined || to <= from) return;
    void call("recording.seen", { view: String(view.view), from_ms: Math.round(from), to_ms: Math.round(to) }, { passive: true }).catch(() => {});
  };
  const go = (ms: number, jump = true) => {
    const to = Math.min(Math.max(0, ms), length);
    if (jump) {
      tell(wanted.current);
      if (playing) seenFrom.current = to;
      else void call("recording.seen", { view: String(view.view), from_ms: Math.round(to), to_ms: Math.round(to) }, { passive: true }).catch(() => {});
    }
    wanted.current = to;
    setAt(to);
    void draw();
  };

  useEffect(() => {
    if (video && screen.current) picture.current = new VideoPicture(screen.current, video, length, String(view.view), contentKey);
    else if (!video && stage.current && !first.desktop) picture.current = new TerminalPicture(stage.current, frames.current, snapshots.current, Number(first.columns), Number(first.rows), t("replay.screen"));
    if (start > 0) go(start);
    else void draw();
    if (!whole) restOfTerminal(String(view.view), contentKey, Number(first.next), frames.current).then(() => { setWhole(true); void draw(); }, () => setFailed(true));
    const leaving = () => tell(wanted.current);
    addEventListener("pagehide", leaving);
    return () => {
      removeEventListener("pagehide", leaving);
      leaving();
      picture.current?.dispose();
    };
  }, []);

  // Where the page begins was said by the reading program, which followed the screen by itself. Each place is shown to
  // be right by what the page's own terminal makes of the whole; one that is not is used no more.
  useEffect(() => {
    const terminal = picture.current;
    if (!whole || !(terminal instanceof TerminalPicture)) return;
    const proof = new SnapshotProof(frames.current, Number(first.columns), Number(first.rows));
    const later = setTimeout(() => {
      void proof.run([...snapshots.current], (snapshot) => {
        snapshots.current.splice(snapshots.current.indexOf(snapshot), 1);
        setCorrected(true);
        if (terminal.forget(snapshot)) void draw();
      });
    }, proof_after_ms);
    return () => {
      clearTimeout(later);
      proof.stop();
    };
  }, [whole]);

  useEffect(() => {
    if (!playing) {
      tell(wanted.current);
      return;
    }
    seenFrom.current ??= wanted.current;
    let last = performance.now();
    const timer = setInterval(() => {
      const passed = performance.now() - last;
      last += passed;
      let to = wanted.current + passed * Number(speed);
      if (skip) {
        const coming = busy.find((ms) => ms > wanted.current);
        if (coming !== undefined && coming - wanted.current > idle_ms) to = Math.max(to, coming - 1000);
      }
      if (wanted.current - (seenFrom.current ?? 0) > seen_every_ms) {
        tell(wanted.current);
        seenFrom.current = wanted.current;
      }
      go(to, false);
      if (to >= length) setPlaying(false);
    }, tick_ms);
    return () => clearInterval(timer);
  }, [playing, speed, skip, busy]);

  const filtered = moments.filter((one) => !kind || groupOf(one.kind) === kind);
  const current = filtered.findLastIndex((one) => one.at_ms <= at);
  const next = filtered.find((one) => one.at_ms > at + 1);
  const kinds = [...new Set(moments.map((one) => groupOf(one.kind)))];
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || (event.target as Element).closest("input, select, button, a")) return;
    const keys: Record<string, () => void> = { " ": () => setPlaying(!playing), ArrowLeft: () => go(at - step_ms), ArrowRight: () => go(at + step_ms), n: () => next && go(next.at_ms), b: () => marks.current?.querySelector("input")?.focus(), Home: () => go(0), End: () => go(length) };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const moment = (ms: number) => showMoment(Number(first.started_ms) + ms, true);
  return (
    <>
      <div class="chips">
        <Chip tone="good" icon="shield-check">{t("replay.intact")}</Chip>
        {(first.notes as string[]).map((note) => <span key={note} class="muted">{note}</span>)}
      </div>
      {failed && <Notice tone="bad" title={t("replay.failed")} actions={<button type="button" onClick={() => void draw()}>{t("act.retry")}</button>} />}
      {corrected && <Notice tone="warn" title={t("replay.corrected")} />}
      {!whole && <p role="status" class="muted">{t("replay.loading_rest")}</p>}
      <div class="replay">
        <section class="player" aria-label={t("replay.player")} onKeyDown={onKey}>
          <div class="stage" ref={stage} tabIndex={0} role="group" aria-label={t("replay.screen")} data-shown={Math.round(shown)}>
            {video && <video ref={screen} muted playsInline width={video.width} height={video.height} aria-label={t("replay.screen")} />}
            {Boolean(first.desktop) && !video && <p>{t("replay.no_picture")}</p>}
          </div>
          <p class="caption" aria-hidden="true">{current >= 0 && filtered[current] ? <Raw text={filtered[current]?.text} /> : " "}</p>
          <input class="seek" type="range" min={0} max={length} step={100} value={at} aria-label={t("replay.position")} aria-valuetext={`${clockOf(at)}, ${moment(at)}`} onInput={(event) => go(Number(event.currentTarget.value))} />
          <Curve activity={first.activity as Activity} length={length} at={at} />
          <div class="actions">
            <button type="button" class="primary" onClick={() => (at >= length && go(0), setPlaying(!playing))}>{playing ? t("replay.pause") : t("replay.play")}</button>
            <button type="button" onClick={() => go(at - step_ms)}>{t("replay.back")}</button>
            <button type="button" onClick={() => go(at + step_ms)}>{t("replay.forward")}</button>
            <button type="button" disabled={!next} onClick={() => next && go(next.at_ms)}>{t("replay.next")}</button>
            <span class="clock"><strong>{clockOf(at)}</strong> / {clockOf(length)} <span class="muted">{moment(at)}</span></span>
          </div>
          <div class="filters">
            <Filter name="speed" label={t("replay.speed")} value={speed} onValue={setSpeed} options={["1", "2", "4", "8", "16"].map((one): [string, string] => [one, `${one} ×`])} />
            <label class="choice"><input type="checkbox" checked={skip} onChange={(event) => setSkip(event.currentTarget.checked)} /> <span>{t("replay.skip")}</span></label>
            <span class="muted">{t("replay.keys")}</span>
          </div>
        </section>
        <section class="card" aria-labelledby="timeline-title">
          <h2 id="timeline-title">{t("replay.timeline")}</h2>
          <Filter name="kind" label={t("replay.kinds")} value={kind} onValue={setKind} options={[["", t("replay.every_kind")], ...kinds.map((one): [string, string] => [one, word("replay.kind", one)])]} />
          <p role="status" class="muted">{plural("replay.count", filtered.length)}{Boolean(first.timeline_cut) && ` ${t("replay.cut")}`}</p>
          <Moments rows={filtered} current={current} go={go} />
        </section>
      </div>
      <Bookmarks view={String(view.view)} rows={bookmarks} at={at} go={go} changed={setBookmarks} place={marks} />
    </>
  );
}

const rows_shown = 300;

/** The timeline around the moment shown: all of it would be too much for a page, and for a reader. */
function Moments({ rows, current, go }: { rows: Moment[]; current: number; go: (ms: number) => void }) {
  const from = Math.max(0, Math.min(current - rows_shown / 2, rows.length - rows_shown));
  return (
    <ol class="timeline" start={from + 1}>
      {rows.slice(from, from + rows_shown).map((row, i) => (
        <li key={from + i}>
          <button type="button" class="quiet" {...(from + i === current ? { "aria-current": "true" as const } : {})} onClick={() => go(row.at_ms)}>
            <span class="clock">{clockOf(row.at_ms)}</span>
            <span class="muted">{word("replay.kind", groupOf(row.kind))}</span>
            <Raw text={row.text} />
          </button>
        </li>
      ))}
    </ol>
  );
}
