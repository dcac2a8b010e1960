import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { t } from "../lib/text";
import { Raw } from "../parts/basics";
import { type Errors, Form, Input, useAct } from "../parts/form";
import { hasRole, me } from "../parts/session";
import { clockOf } from "./clock";

const note_max = 400;
const checked = (note: string): Errors => (note.trim() ? {} : { note: t("bookmark.missing") });

/** Moments marked by those who read this recording, in their own words. */
export function Bookmarks({ view, rows, at, go, changed, place }: { view: string; rows: readonly Answer[]; at: number; go: (ms: number) => void; changed: (rows: Answer[]) => void; place: RefObject<HTMLElement | null> }) {
  const act = useAct();
  const [note, setNote] = useState("");
  // The moment is the one at which the note was begun: the recording may go on meanwhile.
  const [begun, setBegun] = useState(0);
  const moment = note ? begun : at;
  const type = (text: string) => {
    if (!note) setBegun(at);
    setNote(text);
  };
  const reload = async () => changed((await call("bookmark.list", { view })).bookmarks as Answer[]);
  const add = () =>
    act.run(() => checked(note), async () => {
      await call("bookmark.add", { view, at_ms: Math.round(moment), note: note.trim() });
      setNote("");
      await reload();
    });
  const remove = (bookmark: string) =>
    act.run(() => ({}), async () => {
      await call("bookmark.remove", { view, bookmark });
      await reload();
    });
  return (
    <section class="card" aria-labelledby="bookmarks-title" ref={place}>
      <h2 id="bookmarks-title">{t("bookmark.title")}</h2>
      <Form act={act} onSubmit={add} submit={t("bookmark.add", { at: clockOf(moment) })}>
        <Input name="note" label={t("bookmark.note")} help={t("bookmark.help")} error={act.errors.note} value={note} onValue={type} maxLength={note_max} />
      </Form>
      {rows.length === 0 && <p>{t("bookmark.none")}</p>}
      {rows.length > 0 && (
        <ol class="plain bookmarks">
          {rows.map((row) => (
            <li key={row.bookmark}>
              <button type="button" class="quiet" onClick={() => go(Number(row.at_ms))}>
                <span class="clock">{clockOf(Number(row.at_ms))}</span> <Raw text={row.note} /> <span class="muted">– <Raw text={row.name} /></span>
              </button>
              {(row.person === me().person || hasRole("rssi")) && (
                <button type="button" class="quiet" aria-label={t("bookmark.remove_at", { at: clockOf(Number(row.at_ms)) })} onClick={() => remove(String(row.bookmark))}>{t("bookmark.remove")}</button>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
