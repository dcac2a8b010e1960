import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { saveFile, toCsv } from "../lib/csv";
import type { Loaded } from "../lib/live";
import { useQuery } from "../lib/route";
import { plural, t } from "../lib/text";
import { Icon } from "./basics";

export interface Column<Row> {
  key: string;
  title: string;
  show: (row: Row) => ComponentChildren;
  /** What is sorted and exported; a column without it is for the screen only. */
  value?: (row: Row) => string | number | boolean | null | undefined;
  /** Names the row to a screen reader. */
  head?: boolean;
  class?: string;
}

const page_size = 50;

/** The end of a list that goes on: what is read is said, and the rest is one key away. */
export function More({ list }: { list: Loaded }) {
  const count = ((list.data?.rows ?? []) as unknown[]).length;
  if (!list.more && count <= 500) return null;
  return (
    <div class="more">
      <p role="status">{plural(list.more ? "table.read" : "table.all_read", count)}</p>
      {list.more && (
        <button type="button" onClick={list.more}>
          {t("table.more")}
        </button>
      )}
    </div>
  );
}

/** A list as a native table: sorted by its headings, 50 rows a page, exported as CSV; on a narrow screen
 * each row stands as a card. Sort and page are in the address. */
export function Table<Row>({ id, caption, columns, rows, rowKey, empty, csv, seeCaption = false, pageSize = page_size }: { id: string; caption: string; columns: readonly Column<Row>[]; rows: readonly Row[]; rowKey: (row: Row) => string; empty: ComponentChildren; csv?: string; seeCaption?: boolean; pageSize?: number }) {
  const [sort, setSort] = useQuery(`${id}-tri`);
  const [at, setAt] = useQuery(`${id}-page`, "1");
  const [by, down] = sort.startsWith("-") ? [sort.slice(1), true] : [sort, false];
  const sorted = useMemo(() => {
    const column = columns.find((one) => one.key === by);
    if (!column?.value) return rows;
    const value = column.value;
    return [...rows].sort((a, b) => {
      const x = value(a) ?? "";
      const y = value(b) ?? "";
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "fr", { numeric: true });
      return down ? -order : order;
    });
  }, [rows, by, down, columns]);
  if (rows.length === 0) return <>{empty}</>;
  const pages = Math.ceil(sorted.length / pageSize);
  const page = Math.min(Math.max(1, Number(at) || 1), pages);
  const shown = sorted.slice((page - 1) * pageSize, page * pageSize);
  const exported = columns.filter((column) => column.value);
  const save = () =>
    saveFile(
      `${csv}.csv`,
      "text/csv;charset=utf-8",
      toCsv([exported.map((column) => column.title), ...sorted.map((row) => exported.map((column) => column.value?.(row)))]),
    );
  return (
    <div class="table">
      <table>
        <caption class={seeCaption ? "" : "unseen"}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.class ?? ""} {...(column.value && by === column.key ? { "aria-sort": down ? "descending" : "ascending" } : {})}>
                {column.value ? (
                  <button type="button" class="sort" onClick={() => setSort(by === column.key && !down ? `-${column.key}` : column.key)}>
                    {column.title}
                    <span aria-hidden="true">{by === column.key ? (down ? " ↓" : " ↑") : ""}</span>
                  </button>
                ) : (
                  column.title || <span class="unseen">{t("table.actions")}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) =>
                column.head ? (
                  <th key={column.key} scope="row" data-title={column.title} class={column.class ?? ""}>
                    {column.show(row)}
                  </th>
                ) : (
                  <td key={column.key} data-title={column.title} class={column.class ?? ""}>
                    {column.show(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <div class="table-foot">
        <span class="muted">{plural("table.rows", sorted.length)}</span>
        {pages > 1 && (
          <nav aria-label={t("table.pages")} class="pages">
            <button type="button" disabled={page === 1} onClick={() => setAt(String(page - 1))}>
              {t("table.previous")}
            </button>
            <span>{t("table.page", { page, pages })}</span>
            <button type="button" disabled={page === pages} onClick={() => setAt(String(page + 1))}>
              {t("table.next")}
            </button>
          </nav>
        )}
        {csv && (
          <button type="button" class="quiet" onClick={save}>
            <Icon name="download" />
            {t("table.csv")}
            <span class="unseen"> {caption}</span>
          </button>
        )}
      </div>
    </div>
  );
}

/** A filter that lives in the address. */
export function Filter({ name, label, value, onValue, options }: { name: string; label: string; value: string; onValue: (value: string) => void; options: readonly (readonly [string, string])[] }) {
  return (
    <div class="filter">
      <label for={`q-${name}`}>{label}</label>
      <select id={`q-${name}`} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
