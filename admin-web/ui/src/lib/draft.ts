import { useEffect, useRef, useState } from "preact/hooks";

/** What was typed and not sent yet survives an expired session and a reloaded page. It is kept in this
 * tab only; a copy in memory outlives a server that clears the tab's storage after an error of its own. */
const memory = new Map<string, string>();
const place = (name: string) => `ecluse-draft:${name}`;

export function readDraft<T>(name: string): T | undefined {
  try {
    const text = memory.get(name) ?? sessionStorage.getItem(place(name));
    return text ? (JSON.parse(text) as T) : undefined;
  } catch {
    return undefined;
  }
}
export function keepDraft(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  memory.set(name, text);
  try {
    sessionStorage.setItem(place(name), text);
  } catch {
    // Full or forbidden: memory has it.
  }
}
export function dropDraft(name: string): void {
  memory.delete(name);
  try {
    sessionStorage.removeItem(place(name));
  } catch {
    // As above.
  }
}
/** Whoever comes next on this machine finds nothing. */
export function dropAllDrafts(): void {
  memory.clear();
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(place(""))) sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
}

/** State of a form that is a draft until `forget` is called. Secrets have no business here. */
export function useDraft<T extends object>(name: string, blank: T): [T, (change: Partial<T>) => void, (next?: T) => void, boolean] {
  const [value, set] = useState<T>(() => ({ ...blank, ...readDraft<Partial<T>>(name) }));
  const [dirty, setDirty] = useState(() => readDraft(name) !== undefined);
  const forgotten = useRef(false);
  useEffect(() => {
    if (!dirty) return;
    const timer = setTimeout(() => keepDraft(name, value), 300);
    return () => {
      clearTimeout(timer);
      if (!forgotten.current) keepDraft(name, value);
    };
  }, [name, value, dirty]);
  return [
    value,
    (change) => {
      forgotten.current = false;
      setDirty(true);
      set((old) => ({ ...old, ...change }));
    },
    (next) => {
      forgotten.current = true;
      setDirty(false);
      if (next) set(next);
      dropDraft(name);
    },
    dirty,
  ];
}
