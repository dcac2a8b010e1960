import { useEffect, useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { KeyError, contentKey } from "../lib/reading_key";
import { leaving } from "../parts/session";

/** The index of this login, which the server holds in clear, in memory, while it lasts (docs/decisions/0025). It outlives the
 * page that opened it: a hit opens a replay, and back again everything is still there. */
export interface Index {
  search: string;
  total: number;
  read: number;
  cut: number;
  unreadable: number;
  full: boolean;
  reading: boolean;
  problem?: Problem | undefined;
}

let index: Index | undefined;
const listeners = new Set<() => void>();
function change(next: Index | undefined): void {
  index = next;
  for (const listener of listeners) listener();
}
leaving.add(() => change(undefined));

export function useIndex(): Index | undefined {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return index;
}

function progress(answer: Answer): Partial<Index> {
  return { total: Number(answer.total), read: Number(answer.read), cut: Number(answer.cut), unreadable: Number(answer.unreadable), full: Boolean(answer.full) };
}

/** Opens the key of each recording here, batch by batch, newest first; the server reads its text with it. */
async function readAll(search: string): Promise<void> {
  const mine = () => index?.search === search;
  const note = (what: Partial<Index>) => mine() && change({ ...(index as Index), ...what });
  let opened = 0;
  try {
    for (let left = 1; left > 0 && mine() && !index?.full; ) {
      const batch = await call("search.keys", { search }, { passive: true });
      left = Number(batch.left);
      const keys: string[] = [];
      let foreign = 0;
      for (const one of batch.keys as { session: string; keys: { cms: string }[] }[]) {
        try {
          keys.push(`${one.session} ${await contentKey(one.keys)}`);
        } catch (error) {
          // Another site's, or sealed for a key that was replaced since.
          if (!(error instanceof KeyError)) throw error;
          foreign += 1;
        }
      }
      opened += keys.length;
      if (opened === 0 && foreign > 0 && left === 0) throw new KeyError("other");
      if (keys.length > 0) note(progress(await call("search.feed", { search, keys }, { passive: true })));
      if (foreign > 0) note({ unreadable: (index?.unreadable ?? 0) + foreign });
    }
    note({ reading: false });
  } catch (error) {
    note({ reading: false, problem: error instanceof Problem ? error : undefined, unreadable: (index?.total ?? 0) - (index?.read ?? 0) });
  }
}

export async function openIndex(reason: string): Promise<void> {
  const answer = await call("search.open", { reason, person: undefined, vendor: undefined, asset: undefined, from: undefined, to: undefined });
  const search = String(answer.search);
  change({ search, total: Number(answer.total), read: 0, cut: 0, unreadable: 0, full: false, reading: true });
  void readAll(search);
}

export async function closeIndex(): Promise<void> {
  const search = index?.search;
  change(undefined);
  if (search) await call("search.close", { search }).catch(() => {});
}
