import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { plural, t, word } from "../lib/text";
import { showDuration, showMoment, useNow } from "../lib/time";
import { Chip, Empty, Facts, Icon, Loading, Moment, Notice, ProblemBox, Raw, RecordingState, TimeLeft } from "../parts/basics";
import { Area, AskButton, Dialog, type Errors, Form, Input, Select, useAct } from "../parts/form";
import { Later } from "../parts/app";
import { Page } from "../parts/page";
import { hasRole } from "../parts/session";
import { type Column, Filter, More, Table } from "../parts/table";
import { Extend } from "./window_acts";

export function showBytes(n: number): string {
  const units = ["o", "Ko", "Mo", "Go"];
  let i = 0;
  let value = n;
  while (value >= 1024 && i < units.length - 1) {
    value /= 1024;
    i++;
  }
  return `${value < 10 && i > 0 ? value.toFixed(1).replace(".", ",") : Math.round(value)} ${units[i]}`;
}

/** Ends one session: what it does in words, a reason, one confirmation. */
export function Cut({ session: s, done, small = false }: { session: Answer; done: () => void; small?: boolean }) {
  return (
    <AskButton
      tone={small ? "danger small" : "danger"}
      icon="scissors"
      label={t("cut.label", { id: String(s.session) })}
      done={done}
      question={() => ({
        title: t("cut.title", { id: String(s.session) }),
        consequence: t("cut.consequence", { name: String(s.name), asset: String(s.asset) }),
        reason: t("form.reason"),
        submit: t("cut.submit"),
        tone: "danger",
        act: ({ reason }) => call("session.cut", { session: s.session, reason }),
      })}
    >
      {t("cut.open")}
    </AskButton>
  );
}

function Message({ session: s, small = false }: { session: Answer; small?: boolean }) {
  return (
    <AskButton
      tone={small ? "small" : ""}
      icon="mail"
      label={String(s.session)}
      done={() => {}}
      question={() => ({ title: t("message.title", { name: String(s.name) }), consequence: t("message.consequence"), reason: t("message.text"), submit: t("message.send"), act: ({ reason }) => call("session.message", { session: s.session, text: reason }) })}
    >
      {t("message.open")}
    </AskButton>
  );
}

export function SessionTable({ rows, windows, reload }: { rows: Answer[]; windows: Answer[]; reload: () => void }) {
  const at = useNow(10_000);
  const closes = (s: Answer) => windows.find((w) => w.window === s.window);
  const columns: Column<Answer>[] = [
    {
      key: "session",
      title: t("session.person"),
      head: true,
      value: (s) => s.name,
      show: (s) => (
        <>
          <a href={`/sessions/${s.session}`}><Raw text={s.name} /></a>
          <div class="muted"><Raw text={s.vendor} /></div>
        </>
      ),
    },
    { key: "asset", title: t("window.targets"), value: (s) => s.asset, show: (s) => <><strong><Raw text={s.asset} /></strong> <span class="muted">{word("protocol", s.protocol)} · <Raw text={s.account} /></span></> },
    { key: "started", title: t("session.started"), value: (s) => s.started_at, show: (s) => <Moment at={s.started_at} /> },
    {
      key: "left",
      title: t("session.left"),
      value: (s) => s.ended_at ?? "",
      show: (s) => {
        const w = closes(s);
        if (s.ended_at) return <>{word("end", s.end_reason)} <span class="muted">{showDuration(Date.parse(s.ended_at) - Date.parse(s.started_at))}</span></>;
        return w ? <TimeLeft to={w.closes} /> : <span class="muted">{showDuration(at - Date.parse(s.started_at))}</span>;
      },
    },
    { key: "volume", title: t("session.volume"), class: "end", value: (s) => Number(s.bytes_in ?? 0) + Number(s.bytes_out ?? 0), show: (s) => (s.ended_at ? showBytes(Number(s.bytes_in ?? 0) + Number(s.bytes_out ?? 0)) : plural("session.events", Number(s.events ?? 0))) },
    { key: "recording", title: t("session.recording"), value: (s) => word("state.recording", s.recording), show: (s) => <RecordingState state={s.recording} /> },
    {
      key: "acts",
      title: "",
      class: "acts",
      show: (s) => {
        const w = closes(s);
        if (s.ended_at) return null;
        return (
          <div class="actions">
            {hasRole("dsi", "rssi") && <a class="button small" href={`/sessions/${s.session}?direct=1`} aria-label={t("live.label", { id: String(s.session) })}><Icon name="eye" />{t("live.open")}</a>}
            {w && <Extend window={w} small done={reload} />}
            <Message session={s} small />
            <Cut session={s} small done={reload} />
          </div>
        );
      },
    },
  ];
  return <Table id="s" caption={t("sessions.title")} columns={columns} rows={rows} rowKey={(s) => s.session} csv="sessions" empty={<Empty title={t("sessions.none")}><p>{t("sessions.none_text")}</p></Empty>} />;
}

/** What was being watched when the session ended stays on the page; what had ended before is not opened. */
function Watch({ id, live, desktop, close }: { id: string; live: boolean; desktop: boolean; close: () => void }) {
  const [began] = useState(live);
  if (!began) return null;
  return <Later load={() => import("../replay/live_view")} show={({ LiveView }) => <LiveView session={id} desktop={desktop} close={close} />} />;
}

/** D4. */
export function Sessions() {
  const [scope, setScope] = useQuery("portee");
  const all = scope === "all";
  const sessions = useCall("session.list", all ? {} : { live: true }, ["session", "window"]);
  const windows = useCall("window.list", { state: "open" }, ["window"]);
  const [cutting, setCutting] = useState(false);
  const rows = (sessions.data?.rows ?? []) as Answer[];
  const live = rows.filter((s) => !s.ended_at);
  return (
    <Page
      title={t("sessions.title")}
      actions={
        live.length > 0 && (
          <button type="button" class="danger" onClick={() => setCutting(true)}>
            <Icon name="siren" />
            {t("cut.many")}
          </button>
        )
      }
    >
      <div class="filters">
        <Filter name="scope" label={t("sessions.scope")} value={scope} onValue={setScope} options={[["", t("sessions.live")], ["all", t("sessions.all")]]} />
      </div>
      {sessions.stale && <Notice tone="warn" title={t("page.stale")} />}
      {sessions.problem && !sessions.data && <ProblemBox problem={sessions.problem} retry={sessions.reload} />}
      {!sessions.data && !sessions.problem && <Loading />}
      {sessions.data && <SessionTable rows={rows} windows={(windows.data?.rows ?? []) as Answer[]} reload={sessions.reload} />}
      <More list={sessions} />
      {cutting && <CutMany vendors={[...new Set(live.map((s) => s.vendor as string))]} n={live.length} onClose={() => setCutting(false)} done={sessions.reload} />}
    </Page>
  );
}

/** Several at once: a word to type, the same in every language. */
function CutMany({ vendors, n, onClose, done }: { vendors: string[]; n: number; onClose: () => void; done: () => void }) {
  const [vendor, setVendor] = useState("");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const act = useAct();
  const send = () =>
    act.run(
      () => {
        const errors: Errors = {};
        if (!reason.trim()) errors.reason = t("form.reason_missing");
        if (typed.trim() !== "COUPER") errors.typed = t("form.typed_wrong", { word: "COUPER" });
        return errors;
      },
      async () => {
        await call("session.cut_many", { all: vendor ? undefined : true, vendor: vendor || undefined, reason: reason.trim(), confirm: typed.trim() });
        onClose();
        done();
      },
    );
  return (
    <Dialog title={t("cut.many_title")} onClose={onClose}>
      <Form act={act} tone="danger" submit={t("cut.many")} icon="siren" onSubmit={() => void send()} extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}>
        <p class="consequence">{t("cut.many_consequence", { n })}</p>
        <Select name="vendor" label={t("cut.whose")} value={vendor} onValue={setVendor} options={[["", t("cut.all")], ...vendors.map((one): [string, string] => [one, one])]} />
        <Area name="reason" label={t("form.reason")} rows={2} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1900} />
        <Input name="typed" label={t("form.type_word", { word: "COUPER" })} autocomplete="off" value={typed} onValue={setTyped} error={act.errors.typed} />
      </Form>
    </Dialog>
  );
}

function WatchedBy({ rows }: { rows: Answer[] }) {
  if (rows.length === 0) return null;
  return (
    <ul class="plain">
      {rows.map((row, i) => (
        <li key={i}><Raw text={row.name} /> – <Moment at={row.since} seconds /></li>
      ))}
    </ul>
  );
}

/** D5: one session as it happens, who watches it, the cut always at hand. */
export function Session({ id }: { id: string }) {
  const { data: s, problem, stale, reload } = useCall("session.show", { session: id }, ["session", "window"]);
  const w = useCall("window.show", s ? { window: String(s.window) } : null, ["window"]);
  const [direct, setDirect] = useQuery("direct");
  const title = t("session.title", { id });
  if (!s) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const live = !s.ended_at;
  const may = hasRole("dsi", "rssi");
  const watchers = (s.watched_by ?? []) as Answer[];
  return (
    <Page
      title={title}
      lead={live && s.until ? <p><Raw text={s.name} /> (<Raw text={s.vendor} />) – <Raw text={s.asset} /> · <TimeLeft to={s.until} announce /></p> : <p>{s.ended_at ? t("session.ended", { why: word("end", s.end_reason), at: showMoment(s.ended_at) }) : ""}</p>}
      actions={
        live && (
          <>
            {may && !direct && <button type="button" class="primary" onClick={() => setDirect("1")}><Icon name="eye" />{t("live.open")}</button>}
            {w.data && <Extend window={w.data} done={reload} />}
            <Message session={s} />
            <Cut session={s} done={reload} />
          </>
        )
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {may && direct && <Watch id={id} live={live} desktop={s.protocol === "rdp"} close={() => setDirect("")} />}
      <div class="split">
        <section class="card">
          <h2>{t("session.facts")}</h2>
          <Facts
            rows={[
              [t("session.person"), <><Raw text={s.name} /> (<Raw text={s.vendor} />)</>],
              [t("window.targets"), <><Raw text={s.asset} /> – <Raw text={s.account} /></>],
              [t("session.protocol"), `${word("protocol", s.protocol)}${s.client === "browser" ? `, ${t("session.browser")}` : ""}`],
              [t("session.source"), <code>{s.source}</code>],
              [t("session.factors"), <Raw text={s.factors} />],
              [t("report.window"), <a href={`/creneaux/${s.window}`}>{s.window}</a>],
              [t("session.started"), <Moment at={s.started_at} seconds />],
              s.ended_at && [t("session.ended_at"), <Moment at={s.ended_at} seconds />],
              s.ended_by && [t("session.ended_by"), <><Raw text={s.ended_by} /> <Raw text={s.end_comment} /></>],
              [t("session.recording"), <RecordingState state={s.recording} />],
              s.seal_sha256 && [t("session.seal"), <code>{s.seal_sha256}</code>],
              !live && [t("session.volume"), `${showBytes(Number(s.bytes_in ?? 0))} ↑ ${showBytes(Number(s.bytes_out ?? 0))} ↓`],
              [t("session.event_count"), String(s.events ?? 0)],
            ]}
          />
        </section>
        <Notice tone="quiet" title={live ? t("session.picture") : t("live.over_title")}>
          <p>{live ? t("session.picture_text") : t("live.over_text")}</p>
          {live && s.paused && <p><Chip tone="warn">{t("terminal.paused")}</Chip> {t("session.paused")}</p>}
          {live && <p>{watchers.length > 0 ? t("live.watched_by") : t("live.watched_by_nobody")}</p>}
          <WatchedBy rows={live ? watchers : []} />
        </Notice>
      </div>
    </Page>
  );
}
