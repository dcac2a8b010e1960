import { useEffect, useState } from "preact/hooks";
import type { Holes } from "../../generated/texts";

/** Every text a person reads, from i18n/web.*.json (docs: i18n keys, {holes}, _one and _other). */
export type Key = keyof Holes;
export type Language = "fr" | "en";
type Values<K extends Key> = [Holes[K]] extends [never] ? [] : [Record<Holes[K], string | number>];
type Stem<K> = K extends `${infer S}_one` ? S : never;

const chosen = "ecluse-language";
let language: Language = "fr";
let table: Record<string, string> = {};
const listeners = new Set<() => void>();

export const currentLanguage = () => language;

function fill(text: string, values: Record<string, string | number> | undefined): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values?.[name] ?? hole));
}

export function t<K extends Key>(key: K, ...values: Values<K>): string {
  return fill(table[key] ?? key, values[0]);
}

/** "1 session", "3 sessions": the catalogue has the key twice, with _one and _other. */
export function plural(key: Stem<Key>, n: number, values: Record<string, string | number> = {}): string {
  const one = language === "fr" ? Math.abs(n) < 2 : n === 1;
  return fill(table[`${key}_${one ? "one" : "other"}`] ?? key, { n, ...values });
}

/** A word of the product (a state, a nature…) in the reader's language; itself when it has no name yet. */
export function word(prefix: string, value: string | null | undefined): string {
  return value ? (table[`${prefix}.${value}`] ?? value) : "–";
}

async function fetchTexts(path: string | undefined): Promise<Record<string, string>> {
  const answer = await fetch(path ?? "");
  if (!answer.ok) throw new Error(`texts: ${answer.status}`);
  return (await answer.json()) as Record<string, string>;
}

let rest: Promise<void> = Promise.resolve();
/** The texts of what is fetched later than the first page: they come while a person logs in. */
export const restOfTexts = (): Promise<void> => rest;

export async function setLanguage(next: Language): Promise<void> {
  const { [next]: first, [`${next}Rest`]: later } = document.documentElement.dataset;
  const here = fetchTexts(first);
  const all = Promise.all([here, fetchTexts(later)]);
  const show = (texts: Record<string, string>) => {
    table = texts;
    language = next;
    document.documentElement.lang = next;
    for (const listener of listeners) listener();
  };
  rest = all.then(([one, other]) => show({ ...one, ...other }));
  // Only the very first page may stand without the rest.
  if (Object.keys(table).length > 0) return rest;
  rest.catch(() => {});
  show(await here);
}

/** French, unless this browser was told otherwise here, or prefers English. */
export function startLanguage(): Promise<void> {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(chosen);
  } catch {
    // A browser that keeps nothing still works.
  }
  const english = kept ? kept === "en" : navigator.language.toLowerCase().startsWith("en");
  return setLanguage(english ? "en" : "fr");
}

export function chooseLanguage(next: Language): void {
  try {
    localStorage.setItem(chosen, next);
  } catch {
    // As above.
  }
  void setLanguage(next);
}

/** Renders again when the language changes. */
export function useLanguage(): Language {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return language;
}
