import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, Problem, call } from "./call";
import type { RequestFields, RequestName } from "../../generated/routes";
import { t } from "./text";

/** Lists that change by themselves: one WebSocket for the page says which kinds of objects changed;
 * without it, each list is read again every 5 s. */
export type Link = "live" | "polling";
type Listener = (kinds: readonly string[]) => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
let socket: WebSocket | undefined;
let link: Link = "polling";
let retry: ReturnType<typeof setTimeout> | undefined;
let wait = 1000;
let wanted = false;
let ended: (problem: Problem) => void = () => {};

function setLink(next: Link): void {
  if (link === next) return;
  link = next;
  for (const watcher of watchers) watcher();
}

function connect(): void {
  if (!wanted || socket) return;
  const opened = new WebSocket(`wss://${location.host}/api/v1/live`);
  socket = opened;
  opened.onopen = () => {
    wait = 1000;
    setLink("live");
    for (const listener of listeners) listener([]);
  };
  opened.onmessage = ({ data }) => {
    const said = JSON.parse(String(data)) as { changed?: string[]; end?: { code: string; text: string; remedy?: string } };
    if (said.end) return ended(new Problem(401, said.end.code, t("session.over"), said.end.text, said.end.remedy));
    if (said.changed) for (const listener of listeners) listener(said.changed);
  };
  opened.onclose = () => {
    if (socket === opened) socket = undefined;
    setLink("polling");
    if (!wanted) return;
    clearTimeout(retry);
    retry = setTimeout(connect, wait);
    wait = Math.min(wait * 2, 30_000);
  };
}

export function startLive(onEnd: (problem: Problem) => void): void {
  ended = onEnd;
  wanted = true;
  connect();
}
export function stopLive(): void {
  wanted = false;
  clearTimeout(retry);
  socket?.close();
  socket = undefined;
}

export function useLink(): Link {
  const [, redraw] = useState(0);
  useEffect(() => {
    const watcher = () => redraw((n) => n + 1);
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }, []);
  return link;
}

export interface Loaded {
  data: Answer | undefined;
  problem: Problem | undefined;
  /** The last try failed, what is shown is older. */
  stale: boolean;
  reload: () => void;
  /** Reads further in a list that goes on; nothing to read when it is undefined. */
  more: (() => void) | undefined;
}

/** Pages of a list that are read at once; whoever wants more says so. */
const pagesAtOnce = 5;

/** As far as eclusectl reads: a choice must not lack what is on a later page. */
const everyPage = 100;

/** A list's pages, one after the other, as far as wanted; `shown` is called with what is there so far. */
async function callPages<N extends RequestName>(name: N, fields: RequestFields[N], pages: number, passive: boolean, shown: (sofar: Answer) => void): Promise<Answer> {
  let data = await call(name, fields, { passive });
  for (let page = 1; page < pages && data.next; page++) {
    shown(data);
    const next = await call(name, { ...fields, after: data.next }, { passive: true });
    data = { ...next, rows: [...(data.rows as Answer[]), ...(next.rows as Answer[])] };
  }
  return data;
}

/** Asks once, then again when one of `kinds` changes (never, when there is none). */
export function useCall<N extends RequestName>(name: N, fields: RequestFields[N] | null, kinds: readonly string[] = [], atOnce = pagesAtOnce): Loaded {
  const [state, set] = useState<{ data?: Answer | undefined; problem?: Problem | undefined; stale: boolean }>({ stale: false });
  const key = JSON.stringify([name, fields]);
  const last = useRef("");
  const pages = useRef(atOnce);
  const reload = useRef<(passive: boolean) => void>(() => {});
  useEffect(() => {
    if (!fields) return;
    let gone = false;
    let busy = false;
    let again = false;
    if (last.current !== key) {
      set({ stale: false });
      pages.current = atOnce;
    }
    last.current = key;
    const ask = async (passive: boolean) => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        // What is shown already is not taken away while it is read again.
        const first = (sofar: Answer) => !gone && set((old) => (old.data ? old : { data: sofar, stale: false }));
        const data = await callPages(name, fields, pages.current, passive, first);
        if (!gone) set({ data, stale: false });
      } catch (error) {
        if (gone) return;
        const problem = error instanceof Problem ? error : new Problem(0, "", t("problem.title"), String(error));
        set((old) => ({ data: problem.status === 503 ? old.data : undefined, problem, stale: old.data !== undefined && problem.status === 503 }));
      } finally {
        busy = false;
        if (again && !gone) {
          again = false;
          void ask(true);
        }
      }
    };
    reload.current = (passive) => void ask(passive);
    void ask(false);
    if (kinds.length === 0) return () => void (gone = true);
    const listener: Listener = (changed) => {
      if (changed.length === 0 || changed.some((kind) => kinds.includes(kind))) void ask(true);
    };
    listeners.add(listener);
    const timer = setInterval(() => {
      if (link === "polling" && document.visibilityState === "visible") void ask(true);
    }, 5000);
    return () => {
      gone = true;
      listeners.delete(listener);
      clearInterval(timer);
    };
  }, [key, kinds.join()]);
  const more = () => {
    pages.current += pagesAtOnce;
    reload.current(false);
  };
  return { data: state.data, problem: state.problem, stale: state.stale, reload: () => reload.current(true), more: state.data?.next ? more : undefined };
}

/** The whole of a list, for what is chosen or counted from it. */
export function useWhole<N extends RequestName>(name: N, fields: RequestFields[N] | null, kinds: readonly string[] = []): Loaded {
  return useCall(name, fields, kinds, everyPage);
}
