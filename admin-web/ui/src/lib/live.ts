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
}

/** Asks once, then again when one of `kinds` changes (never, when there is none). */
export function useCall<N extends RequestName>(name: N, fields: RequestFields[N] | null, kinds: readonly string[] = []): Loaded {
  const [state, set] = useState<{ data?: Answer | undefined; problem?: Problem | undefined; stale: boolean }>({ stale: false });
  const key = JSON.stringify([name, fields]);
  const last = useRef("");
  const reload = useRef<(passive: boolean) => void>(() => {});
  useEffect(() => {
    if (!fields) return;
    let gone = false;
    let busy = false;
    let again = false;
    if (last.current !== key) set({ stale: false });
    last.current = key;
    const ask = async (passive: boolean) => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const data = await call(name, fields, { passive });
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
  return { data: state.data, problem: state.problem, stale: state.stale, reload: () => reload.current(true) };
}
