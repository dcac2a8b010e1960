import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { now, showHour, showSpan, showWeekday, showZone, toLocal, toUtc } from "../lib/time";
import { Emergency, Empty, Icon, Loading, Notice, ProblemBox, Raw, WindowState } from "../parts/basics";
import { Page, Section } from "../parts/page";
import { type Column, Filter, More, Table } from "../parts/table";

const states = ["requested", "approved", "open", "closed", "refused", "cancelled", "expired"];
const unique = (values: string[]) => [...new Set(values)].sort((a, b) => a.localeCompare(b, "fr"));
const pairs = (values: string[]): [string, string][] => [["", t("filter.all")], ...values.map((one): [string, string] => [one, one])];

export function Windows() {
  const [state, setState] = useQuery("etat");
  const [vendor, setVendor] = useQuery("titulaire");
  const [asset, setAsset] = useQuery("cible");
  const list = useCall("window.list", {}, ["window"]);
  const { data, problem, stale, reload } = list;
  const all = (data?.rows ?? []) as Answer[];
  const rows = all.filter((w) => (!state || w.state === state) && (!vendor || w.vendor === vendor) && (!asset || (w.assets as string[]).includes(asset)));
  const columns: Column<Answer>[] = [
    { key: "window", title: t("report.window"), head: true, value: (w) => w.window, show: (w) => <><a href={`/creneaux/${w.window}`}>{w.window}</a> {w.emergency && <Emergency />}</> },
    { key: "state", title: t("window.state"), value: (w) => word("state.window", w.state), show: (w) => <WindowState state={w.state} /> },
    { key: "vendor", title: t("window.vendor"), value: (w) => w.vendor, show: (w) => <Raw text={w.vendor} /> },
    { key: "assets", title: t("window.targets"), value: (w) => (w.assets as string[]).join(", "), show: (w) => <Raw text={(w.assets as string[]).join(", ")} /> },
    { key: "opens", title: t("window.when"), value: (w) => w.opens, show: (w) => showSpan(w.opens, w.closes) },
    { key: "reason", title: t("window.reason"), value: (w) => w.reason, show: (w) => <Raw text={w.reason} /> },
  ];
  return (
    <Page title={t("windows.title")} lead={<p>{showZone()}</p>} actions={<a class="button" href="/calendrier"><Icon name="calendar-days" />{t("nav.calendar")}</a>}>
      <div class="filters">
        <Filter name="state" label={t("window.state")} value={state} onValue={setState} options={[["", t("filter.all")], ...states.map((one): [string, string] => [one, word("state.window", one)])]} />
        <Filter name="vendor" label={t("window.vendor")} value={vendor} onValue={setVendor} options={pairs(unique(all.map((w) => w.vendor)))} />
        <Filter name="asset" label={t("window.targets")} value={asset} onValue={setAsset} options={pairs(unique(all.flatMap((w) => w.assets as string[])))} />
      </div>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="c" caption={t("windows.title")} columns={columns} rows={rows} rowKey={(w) => w.window} csv="creneaux" empty={<Empty title={all.length ? t("filter.none") : t("windows.none")}><p>{t("windows.none_text")}</p></Empty>} />}
      <More list={list} />
    </Page>
  );
}

const day_ms = 86_400_000;
/** Monday 00:00 in Paris of the week `shift` weeks away, then each day's start. */
function daysOf(shift: number): number[] {
  const today = toLocal(now()).slice(0, 10);
  const weekday = (new Date(`${today}T12:00:00Z`).getUTCDay() + 6) % 7;
  return Array.from({ length: 8 }, (_, i) => {
    const date = new Date(Date.parse(`${today}T12:00:00Z`) + (i - weekday + shift * 7) * day_ms).toISOString().slice(0, 10);
    return Date.parse(toUtc(`${date}T00:00`) ?? "");
  });
}

/** D3. A week as a list of days: read in order, printed, and heard as it is seen. */
export function Calendar() {
  const [shift, setShift] = useQuery("semaine", "0");
  const [vendor, setVendor] = useQuery("titulaire");
  const [asset, setAsset] = useQuery("cible");
  const { data, problem, stale, reload } = useCall("window.list", {}, ["window"]);
  const week = Number(shift) || 0;
  const starts = daysOf(week);
  const all = (data?.rows ?? []) as Answer[];
  const rows = all
    .filter((w) => ["requested", "approved", "open", "closed"].includes(w.state) && (!vendor || w.vendor === vendor) && (!asset || (w.assets as string[]).includes(asset)))
    .sort((a, b) => Date.parse(a.opens) - Date.parse(b.opens));
  const days = starts.slice(0, 7).map((start, i) => ({ start, rows: rows.filter((w) => Date.parse(w.opens) < (starts[i + 1] as number) && Date.parse(w.closes) > start) }));
  return (
    <Page title={t("calendar.title")} lead={<p>{t("calendar.lead", { from: showWeekday(starts[0]), to: showWeekday(starts[6]) })} {showZone(starts[0])}</p>}>
      <div class="filters">
        <div class="actions">
          <button type="button" onClick={() => setShift(String(week - 1))}>{t("calendar.previous")}</button>
          <button type="button" onClick={() => setShift("0")}>{t("calendar.this")}</button>
          <button type="button" onClick={() => setShift(String(week + 1))}>{t("calendar.next")}</button>
        </div>
        <Filter name="vendor" label={t("window.vendor")} value={vendor} onValue={setVendor} options={pairs(unique(all.map((w) => w.vendor)))} />
        <Filter name="asset" label={t("window.targets")} value={asset} onValue={setAsset} options={pairs(unique(all.flatMap((w) => w.assets as string[])))} />
      </div>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && days.every((day) => day.rows.length === 0) && <Empty title={t("calendar.none")} />}
      {days.map(
        ({ start, rows: list }) =>
          list.length > 0 && (
            <Section key={start} title={showWeekday(start)} count={list.length}>
              <div class="cards">
                {list.map((w) => (
                  <article class={w.state === "open" ? "card open" : "card"} key={w.window}>
                    <div class="card-head">
                      <h3>
                        <a href={`/creneaux/${w.window}`}>
                          {showHour(w.opens)} – {showHour(w.closes)}
                        </a>
                      </h3>
                      <WindowState state={w.state} />
                    </div>
                    <p>
                      <strong><Raw text={(w.assets as string[]).join(", ")} /></strong> · <Raw text={w.vendor} />
                    </p>
                  </article>
                ))}
              </div>
            </Section>
          ),
      )}
    </Page>
  );
}
