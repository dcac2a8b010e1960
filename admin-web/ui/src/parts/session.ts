import { useEffect, useState } from "preact/hooks";
import { type Answer, Problem, call, setCsrf, watchSession } from "../lib/call";
import { dropAllDrafts } from "../lib/draft";
import { startLive, stopLive } from "../lib/live";
import { t } from "../lib/text";

/** Who is logged in, as the server says it. The cookie is the server's own business. */
export interface Who {
  person: string;
  login: string;
  name: string;
  roles: string[];
  /** What an auditor is limited to, by names; null: nothing. */
  scope: { vendors: string[]; assets: string[] } | null;
  idle_s: number;
  life_left_s: number;
  address: string;
  address_declared: boolean | null;
  last_login: { at: string; from: string; door: string } | null;
  failures: number;
  notices: string[];
  password_too_old: boolean;
}
export interface State {
  phase: "starting" | "out" | "in" | "away";
  who?: Who | undefined;
  /** Why the last session ended, when it was not by logging out. */
  lost?: Problem | undefined;
  /** This page has just been entered: last login and notices are shown once. */
  fresh: boolean;
  /** When the session ends without any activity, and in any case, in this machine's ms. */
  idleEnd: number;
  lifeEnd: number;
}

let state: State = { phase: "starting", fresh: false, idleEnd: 0, lifeEnd: 0 };
let site: Answer = {};
const listeners = new Set<() => void>();
/** What must not outlive the session in this page: keys. */
export const leaving = new Set<() => void>();
const leave = () => {
  for (const forget of leaving) forget();
};

export const siteName = () => String(site.name ?? "");
export const sitePhone = () => String(site.phone ?? "");
export const siteFacts = () => site;
export const session = () => state;
export const me = () => state.who as Who;
/** An auditor who sees a part only, by this role alone. */
export const isLimited = () => Boolean(state.who?.scope) && !hasRole("rssi", "dsi", "log_manager", "platform_admin");
/** Who keeps the traces, and has no other business here. */
export const keepsTraces = () => state.who?.roles.length === 1 && hasRole("log_manager");
export const hasRole = (...roles: string[]) => roles.some((role) => state.who?.roles.includes(role));

function change(next: Partial<State>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

export function useSession(): State {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return state;
}

function enter(answer: Answer, fresh: boolean): void {
  setCsrf(String(answer.csrf ?? ""));
  const who = answer as unknown as Who;
  change({ phase: "in", who, lost: undefined, fresh, idleEnd: Date.now() + who.idle_s * 1000, lifeEnd: Date.now() + who.life_left_s * 1000 });
  startLive(lose);
}

/** The session is over for a reason that is not the reader's: what was typed stays. */
function lose(problem: Problem): void {
  if (state.phase === "out") return;
  leave();
  setCsrf("");
  stopLive();
  change({ phase: "out", who: undefined, lost: state.phase === "in" ? problem : undefined });
}

export async function startSession(): Promise<void> {
  watchSession(lose, () => {
    if (state.who) state.idleEnd = Date.now() + state.who.idle_s * 1000;
  });
  try {
    site = await call("site.show", {}, { passive: true });
  } catch {
    // The page says so below, and tries again.
  }
  try {
    enter(await call("whoami", {}, { passive: true }), false);
  } catch (error) {
    const problem = error as Problem;
    if (problem.status === 503) change({ phase: "away" });
    else change({ phase: "out", who: undefined });
  }
}

export async function login(fields: { login: string; password: string; code: string; challenge: string; solution: string }): Promise<void> {
  enter(await call("login", fields), true);
}

export async function refreshWho(): Promise<void> {
  const answer = await call("whoami", {});
  setCsrf(String(answer.csrf ?? ""));
  const who = answer as unknown as Who;
  change({ who, idleEnd: Date.now() + who.idle_s * 1000, lifeEnd: Date.now() + who.life_left_s * 1000 });
}
export const seen = () => change({ fresh: false });

export async function logout(): Promise<void> {
  try {
    await call("logout", {});
  } catch {
    // Over all the same for whoever sits here.
  }
  leave();
  dropAllDrafts();
  setCsrf("");
  stopLive();
  change({ phase: "out", who: undefined, lost: undefined });
}

export const overOf = () => new Problem(401, "E-AUT-02", t("session.over"), t("session.over"));
