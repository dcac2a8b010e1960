import { type RequestFields, type RequestName, routes } from "../../generated/routes";
import { noteServerTime } from "./time";
import { currentLanguage, t } from "./text";

/** What the server refuses, in its own words (problem+json), or that it is away. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly remedy?: string,
    readonly reference?: string,
  ) {
    super(`${code} ${detail}`);
  }
}

// biome-ignore lint: answers are policyd's own objects; each view reads the fields that it names.
export type Answer = Record<string, any>;
interface Row {
  method: string;
  path: string;
  answer: string;
}

let csrf = "";
let onLost: (problem: Problem) => void = () => {};
let onActive: () => void = () => {};
export const setCsrf = (value: string) => void (csrf = value);
/** `lost`: the session is over; `active`: the server has just counted activity. */
export function watchSession(lost: (problem: Problem) => void, active: () => void): void {
  onLost = lost;
  onActive = active;
}

export function away(): Problem {
  return new Problem(503, "E-WEB-09", t("problem.away"), t("problem.away_detail"), t("problem.away_remedy"));
}

/** The path of a request with its fields, and those that are left for query or body. */
export function addressOf(name: RequestName, fields: Record<string, unknown>): { url: string; rest: Record<string, unknown> } {
  const rest: Record<string, unknown> = { ...fields };
  for (const key of Object.keys(rest)) if (rest[key] === undefined || rest[key] === "") delete rest[key];
  const url = (routes[name] as Row).path.replace(/\{(\w+)\}/g, (_, hole: string) => {
    const value = encodeURIComponent(String(rest[hole]));
    delete rest[hole];
    return value;
  });
  return { url, rest };
}

function queryOf(rest: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(rest))
    for (const one of Array.isArray(value) ? value : [value]) query.append(key, String(one));
  const text = query.toString();
  return text ? `?${text}` : "";
}

async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Record<string, string | undefined>;
  return new Problem(
    answer.status,
    body.code ?? `HTTP ${answer.status}`,
    body.title ?? t("problem.title"),
    body.detail ?? "",
    body.remedy,
    body.reference,
  );
}

/** Asks the server for a request of its table by name; bytes come as `bytes`. `passive`: a page that reads its lists again. */
export async function call<N extends RequestName>(
  name: N,
  fields: { [K in keyof RequestFields[N]]: RequestFields[N][K] | undefined } | RequestFields[N],
  options: { passive?: boolean; signal?: AbortSignal } = {},
): Promise<Answer> {
  const row = routes[name] as Row;
  const { url, rest } = addressOf(name, fields as Record<string, unknown>);
  const acts = row.method === "POST";
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": currentLanguage() };
  if (options.passive) headers["X-Ecluse-Passive"] = "1";
  if (acts) {
    headers["Content-Type"] = "application/json";
    if (csrf) headers["X-Ecluse-Token"] = csrf;
  }
  const init: RequestInit = { method: row.method, headers, credentials: "same-origin", cache: "no-store" };
  if (acts) init.body = JSON.stringify(rest);
  if (options.signal) init.signal = options.signal;
  let answer: Response;
  try {
    answer = await fetch(acts ? url : url + queryOf(rest), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw away();
  }
  noteServerTime(answer.headers.get("Date"));
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (problem.status === 401 && name !== "login") onLost(problem);
    throw problem;
  }
  if (!options.passive) onActive();
  return row.answer === "bytes" ? { bytes: await answer.arrayBuffer() } : ((await answer.json()) as Answer);
}

/** Where a file of the server is, for a link. */
export function fileAddress<N extends RequestName>(name: N, fields: RequestFields[N]): string {
  const { url, rest } = addressOf(name, fields as Record<string, unknown>);
  return url + queryOf(rest);
}
