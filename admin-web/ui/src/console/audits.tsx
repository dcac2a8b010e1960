import { useState } from "preact/hooks";
import { type Answer, call, fileAddress } from "../lib/call";
import { useCall } from "../lib/live";
import { navigate } from "../lib/route";
import { t, word } from "../lib/text";
import { now, showDate, showMoment, showSpan, showZone, toLocal, toUtc } from "../lib/time";
import { Chip, Empty, Facts, Icon, Loading, Moment, Notice, ProblemBox, Raw, RecordingState, ReportState } from "../parts/basics";
import { Area, AskButton, Choices, Dialog, type Errors, Form, Input, Select, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole, isLimited, me } from "../parts/session";
import { type Column, More, Table } from "../parts/table";
import { SignButton } from "./sign_button";

/** What is looked at in each session, as policyd names it. */
const points = ["recording", "purpose", "acts", "report", "anomalies"] as const;
type Point = (typeof points)[number];
const quarter = 92 * 24 * 3_600_000;

const outcomeTone: Record<string, string> = { signed: "good", abandoned: "quiet", conform: "good", deviation: "bad" };

/** Audits of the traces: sessions drawn by lot, looked at and signed. What is due first. */
export function Audits() {
  const audits = useCall("audit.list", {}, ["audit"]);
  const { data, problem, stale, reload } = audits;
  const [drawing, setDrawing] = useState(false);
  const rows = (data?.rows ?? []) as Answer[];
  const running = rows.some((a) => !a.outcome && a.drawn_by === me().login);
  const columns: Column<Answer>[] = [
    { key: "audit", title: t("audit.audit"), head: true, value: (a) => a.audit, show: (a) => <a href={`/audits/${a.audit}`}>{a.audit}</a> },
    { key: "period", title: t("audit.period"), value: (a) => a.from_at, show: (a) => showSpan(a.from_at, a.until_at) },
    { key: "of", title: t("audit.filter"), value: (a) => [a.vendor, a.asset].filter(Boolean).join(", "), show: (a) => (a.vendor || a.asset ? <Raw text={[a.vendor, a.asset].filter(Boolean).join(", ")} /> : a.limited ? t("audit.limited") : t("audit.everything")) },
    { key: "drawn", title: t("audit.drawn"), value: (a) => a.drawn, show: (a) => t("audit.drawn_of", { drawn: a.drawn, population: a.population }) },
    { key: "missing", title: t("audit.missing"), value: (a) => a.missing, show: (a) => String(a.missing) },
    { key: "deviations", title: t("audit.deviations"), value: (a) => a.deviations, show: (a) => String(a.deviations) },
    { key: "by", title: t("audit.drawn_by"), value: (a) => a.drawn_by, show: (a) => <><code>{a.drawn_by}</code> <span class="muted">{showDate(a.drawn_at)}</span></> },
    { key: "state", title: t("window.state"), value: (a) => a.outcome, show: (a) => (a.outcome ? <Chip tone={outcomeTone[a.outcome] ?? "quiet"}>{word("audit.outcome", a.outcome)} {showDate(a.ended_at)}</Chip> : <Chip tone="warn">{t("audit.running")}</Chip>) },
  ];
  return (
    <Page
      title={t("audit.title")}
      lead={<p>{t("audit.lead")}</p>}
      actions={
        !running && (
          <button type="button" class="primary" onClick={() => setDrawing(true)}>
            <Icon name="plus" />
            {t("audit.draw")}
          </button>
        )
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data?.next_due && (
        <Notice tone={data.due ? "bad" : "info"} title={t(data.due ? "audit.is_due" : "audit.next", { at: showDate(data.next_due) })}>
          <p>{t("audit.covered", { audited: data.audited, sessions: data.sessions })}</p>
        </Notice>
      )}
      {data && <Table id="a" caption={t("audit.title")} columns={columns} rows={rows} rowKey={(a) => a.audit} csv="audits" empty={<Empty title={t("audit.none")}><p>{t("audit.none_text")}</p></Empty>} />}
      <More list={audits} />
      {drawing && <Draw onClose={() => setDrawing(false)} />}
    </Page>
  );
}

function Draw({ onClose }: { onClose: () => void }) {
  // A limited auditor knows the own targets only; the vendors are the hospital's.
  const vendors = useCall("vendor.list", isLimited() ? null : {});
  const assets = useCall("asset.list", {});
  const [f, set] = useState({ from: toLocal(now() - quarter).slice(0, 10), until: toLocal(now()), by: "size", n: "10", vendor: "", asset: "" });
  const act = useAct();
  const field = (name: keyof typeof f) => ({ name, value: f[name], error: act.errors[name], onValue: (value: string) => set({ ...f, [name]: value }) });
  const from = toUtc(`${f.from}T00:00`);
  const until = toUtc(f.until);
  const n = Number(f.n);
  const check = (): Errors => ({
    ...(from ? {} : { from: t("audit.from_missing") }),
    ...(until && from && until > from && Date.parse(until) <= now() ? {} : { until: t("audit.until_wrong") }),
    ...(Number.isInteger(n) && n >= 1 && n <= (f.by === "size" ? 500 : 100) ? {} : { n: t("audit.n_wrong") }),
  });
  const draw = () =>
    act.run(check, async () => {
      const drawn = await call("audit.draw", { from: from ?? "", until: until ?? "", vendor: f.vendor || undefined, asset: f.asset || undefined, size: f.by === "size" ? n : undefined, share: f.by === "share" ? n : undefined });
      navigate(`/audits/${drawn.audit}`);
    });
  const names = (rows: Answer[] | undefined): [string, string][] => [["", t("filter.all")], ...(rows ?? []).map((row): [string, string] => [String(row.name), String(row.name)])];
  return (
    <Dialog title={t("audit.draw")} onClose={onClose}>
      <Form act={act} onSubmit={() => void draw()} submit={t("audit.draw")} extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}>
        <p class="consequence">{t("audit.draw_consequence")}</p>
        <div class="row">
          <Input {...field("from")} type="date" label={t("audit.from")} />
          <Input {...field("until")} type="datetime-local" label={t("audit.until")} help={showZone()} />
        </div>
        <div class="row">
          <Select {...field("by")} label={t("audit.by")} options={[["size", t("audit.by_size")], ["share", t("audit.by_share")]]} />
          <Input {...field("n")} inputMode="numeric" label={t(f.by === "size" ? "audit.size" : "audit.share")} maxLength={3} />
        </div>
        {!isLimited() && <Select {...field("vendor")} label={t("window.vendor")} options={names(vendors.data?.rows as Answer[] | undefined)} />}
        <Select {...field("asset")} label={t("window.targets")} options={names(assets.data?.rows as Answer[] | undefined)} />
        <p class="muted">{t("audit.sensitive_too")}</p>
      </Form>
    </Dialog>
  );
}

/** One audit: what was drawn, what was said of each, and the signature. */
export function Audit({ id }: { id: string }) {
  const { data: a, problem, stale, reload } = useCall("audit.show", { audit: id }, ["audit", "recording"]);
  const title = t("audit.one", { id });
  if (!a) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const rows = (a.rows ?? []) as Answer[];
  const missing = rows.filter((s) => !s.checks).length;
  const columns: Column<Answer>[] = [
    { key: "session", title: t("recordings.session"), head: true, value: (s) => s.session, show: (s) => <><a href={`/sessions/${s.session}`}>{s.session}</a><div class="muted">{showSpan(s.started_at, s.ended_at)}</div>{s.why === "sensitive" && <Chip tone="warn">{word("audit.why", s.why)}</Chip>}</> },
    { key: "person", title: t("session.person"), value: (s) => s.person, show: (s) => <><Raw text={s.person} /><div class="muted"><Raw text={s.vendor} /> · <Raw text={s.source} /> · {String(s.factors)}</div></> },
    { key: "asset", title: t("window.targets"), value: (s) => s.asset, show: (s) => <><strong><Raw text={s.asset} /></strong> <span class="muted"><Raw text={s.account} /></span></> },
    { key: "reason", title: t("window.reason"), value: (s) => s.reason, show: (s) => <><a href={`/creneaux/${s.window}`}>{s.window}</a><div class="muted"><Raw text={s.reason} /></div></> },
    { key: "recording", title: t("session.recording"), value: (s) => s.recording, show: (s) => <><a href={`/enregistrements/${s.session}`}><RecordingState state={s.recording} /></a><div class="muted">{t("audit.looked", { opened: s.opened, verified: s.verified })}</div></> },
    { key: "report", title: t("audit.report"), value: (s) => s.report_state, show: (s) => (s.report ? <a href={`/comptes-rendus/${s.report}`}><ReportState state={s.report_state} /></a> : s.report_state ? <ReportState state={s.report_state} /> : "–") },
    { key: "outcome", title: t("audit.finding"), value: (s) => (s.outcome ? word("audit.outcome", s.outcome) : ""), show: (s) => <><Finding row={s} />{a.judges && <Judge audit={id} row={s} done={reload} />}</> },
  ];
  return (
    <Page
      title={title}
      lead={<p>{showSpan(a.from_at, a.until_at)}{(a.vendor || a.asset) && <> · <Raw text={[a.vendor, a.asset].filter(Boolean).join(", ")} /></>}</p>}
      actions={<Acts audit={a} id={id} done={reload} />}
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {a.judges && missing > 0 && <Notice tone="info" title={t("audit.to_judge", { n: missing })}><p>{t("audit.to_judge_text")}</p></Notice>}
      {a.outcome && (
        <Notice tone={outcomeTone[a.outcome] ?? "quiet"} title={a.signed_at ? t("audit.signed_at", { who: String(a.signed_by), at: showMoment(a.signed_at) }) : word("audit.outcome", a.outcome)}>
          <p><Raw text={a.conclusion} /></p>
        </Notice>
      )}
      <Table id="s" caption={title} columns={columns} rows={rows} rowKey={(s) => s.session} csv={`audit-${id}`} empty={<Empty title={t("audit.none")} />} />
      {a.judges && missing === 0 && (
        <SignButton
          label={t("audit.sign")}
          consequence={t("audit.sign_consequence")}
          words={t("audit.conclusion")}
          missing={t("audit.conclusion_missing")}
          sign={({ words, ...factors }) => call("audit.sign", { audit: id, conclusion: words, ...factors })}
          done={reload}
        />
      )}
      <section class="card">
        <h2>{t("audit.how")}</h2>
        <p>{t("audit.how_text")}</p>
        <Facts
          rows={[
            [t("audit.drawn_by"), <><Raw text={a.drawn_by_name} /> <Moment at={a.drawn_at} seconds /></>],
            [t("audit.drawn"), t("audit.drawn_of", { drawn: rows.length, population: a.population })],
            [t("audit.asked"), a.size ? t("audit.asked_size", { n: a.size }) : t("audit.asked_share", { n: a.share })],
            [t("audit.seed"), <code>{a.seed}</code>],
            [t("audit.digest"), <code>{a.population_sha256}</code>],
          ]}
        />
        <a class="button" href={fileAddress("audit.population", { audit: id })} download>
          <Icon name="download" />
          {t("audit.population")}
        </a>
      </section>
    </Page>
  );
}

function Acts({ audit: a, id, done }: { audit: Answer; id: string; done: () => void }) {
  if (a.signed_at)
    return (
      <>
        {(["pdf", "json"] as const).map((format) => (
          <a key={format} class="button" href={fileAddress("audit.minutes", { audit: id, format })} download>
            <Icon name="download" />
            {format === "pdf" ? t("audit.minutes_pdf") : t("audit.minutes_json")}
          </a>
        ))}
      </>
    );
  if (a.outcome || (!a.judges && !hasRole("rssi"))) return null;
  return (
    <AskButton tone="danger" label={id} done={done} question={() => ({ title: t("audit.abandon_title", { id }), consequence: t("audit.abandon_consequence"), reason: t("form.reason"), submit: t("audit.abandon"), tone: "danger", act: ({ reason }) => call("audit.abandon", { audit: id, reason }) })}>
      {t("audit.abandon")}
    </AskButton>
  );
}

function Finding({ row: s }: { row: Answer }) {
  if (!s.checks) return <Chip tone="quiet">{t("audit.unjudged")}</Chip>;
  const gaps = points.filter((point) => s.checks[point] === "gap");
  return (
    <>
      <Chip tone={outcomeTone[s.outcome] ?? "quiet"}>{word("audit.outcome", s.outcome)}</Chip>
      {gaps.length > 0 && <div>{gaps.map((point) => word("audit.point", point)).join(", ")}</div>}
      {s.comment && <div><Raw text={s.comment} /></div>}
    </>
  );
}

function Judge({ audit, row: s, done }: { audit: string; row: Answer; done: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="small" onClick={() => setOpen(true)}>
        <Icon name="pen-line" />
        {t("audit.judge")}
        <span class="unseen"> {s.session}</span>
      </button>
      {open && <JudgeForm audit={audit} row={s} onClose={() => setOpen(false)} done={done} />}
    </>
  );
}

function JudgeForm({ audit, row: s, onClose, done }: { audit: string; row: Answer; onClose: () => void; done: () => void }) {
  const [checks, setChecks] = useState<Record<Point, string>>(s.checks ?? { recording: "", purpose: "", acts: "", report: "", anomalies: "" });
  const [comment, setComment] = useState(String(s.comment ?? ""));
  const act = useAct();
  const gap = points.some((point) => checks[point] === "gap");
  const check = (): Errors => ({
    ...Object.fromEntries(points.filter((point) => !checks[point]).map((point) => [point, t("audit.check_missing")])),
    ...(gap && !comment.trim() ? { comment: t("audit.comment_missing") } : {}),
  });
  const send = () =>
    act.run(check, async () => {
      await call("audit.judge", { audit, session: s.session, ...checks, comment: comment.trim() || undefined });
      onClose();
      done();
    });
  return (
    <Dialog title={t("audit.judge_title", { session: String(s.session) })} onClose={onClose}>
      <Form act={act} onSubmit={() => void send()} submit={t("audit.judge")} extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}>
        {points.map((point) => (
          <Choices
            key={point}
            name={point}
            label={word("audit.point", point)}
            value={checks[point] ? [checks[point]] : []}
            onValue={([one]) => setChecks({ ...checks, [point]: one ?? "" })}
            error={act.errors[point]}
            options={["ok", "gap", "none"].map((one) => [one, word("audit.check", one)])}
          />
        ))}
        <Area name="comment" optional={!gap} label={t("rf.comment")} value={comment} onValue={setComment} error={act.errors.comment} rows={2} maxLength={1900} />
      </Form>
    </Dialog>
  );
}
