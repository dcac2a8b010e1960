import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall, useWhole } from "../lib/live";
import { t, word } from "../lib/text";
import { showMoment, showSpan } from "../lib/time";
import { Chip, Empty, Icon, Loading, Notice, ProblemBox, Raw, TimeLeft, WindowState } from "../parts/basics";
import { Area, Choices, Dialog, type Errors, Form, SignFields, checkFactors, useAct } from "../parts/form";
import { Page, Section } from "../parts/page";
import { hasRole, me } from "../parts/session";
import { type Column, More, Table } from "../parts/table";
import { OnCall } from "../views/on_call";
import { askedColumns } from "./home";

/** D10. Emergencies: what waits for the DSI, what waits for the RSSI, and every one that was granted. */
export function Emergencies() {
  const windows = useCall("window.list", { state: "requested" }, ["window"]);
  const granted = useCall("emergency.list", {}, ["window", "emergency"]);
  const waiting = useWhole("emergency.list", { due: true }, ["window", "emergency"]);
  const asked = ((windows.data?.rows ?? []) as Answer[]).filter((w) => w.emergency);
  const rows = (granted.data?.rows ?? []) as Answer[];
  const due = (waiting.data?.rows ?? []) as Answer[];
  const columns = grantedColumns(() => {
    waiting.reload();
    granted.reload();
  });
  return (
    <Page
      title={t("emergency.title")}
      lead={<p>{t("emergency.lead")}</p>}
      actions={
        <a class="button" href="/astreinte">
          <Icon name="users" />
          {t("oncall.title")}
        </a>
      }
    >
      <Notice tone="info" title={t("emergency.how")}>
        <ol>
          <li>{t("emergency.one")}</li>
          <li>{t("emergency.two")}</li>
          <li>{t("emergency.three")}</li>
          <li>{t("emergency.four")}</li>
        </ol>
      </Notice>
      <Notice tone="quiet" title={t("oncall.call")}>
        <OnCall />
      </Notice>
      {(windows.stale || granted.stale) && <Notice tone="warn" title={t("page.stale")} />}
      {granted.problem && !granted.data && <ProblemBox problem={granted.problem} retry={granted.reload} />}
      {!granted.data && !granted.problem && <Loading />}
      {windows.data && asked.length > 0 && (
        <Section title={t("dsi.asked")} count={asked.length}>
          <Table id="d" caption={t("dsi.asked")} columns={askedColumns(windows.reload)} rows={asked} rowKey={(w) => w.window} empty={<Empty title={t("emergency.none")} />} />
        </Section>
      )}
      {granted.data && waiting.data && (
        <>
          <Section id="due" title={t("emergency.due")} count={due.length}>
            <Table id="u" caption={t("emergency.due")} columns={columns} rows={due} rowKey={(w) => w.window} empty={<Empty title={t("emergency.none_due")} />} />
          </Section>
          <Section title={t("emergency.before")} count={rows.length}>
            <Table id="c" caption={t("emergency.before")} columns={columns} rows={rows} rowKey={(w) => w.window} csv="urgences" empty={<Empty title={t("emergency.never")} />} />
            <More list={granted} />
          </Section>
        </>
      )}
    </Page>
  );
}

function grantedColumns(reload: () => void): Column<Answer>[] {
  return [
    { key: "window", title: t("report.window"), head: true, value: (w) => w.window, show: (w) => <a href={`/creneaux/${w.window}`}>{w.window}</a> },
    { key: "state", title: t("window.state"), value: (w) => w.state, show: (w) => <WindowState state={w.state} /> },
    { key: "vendor", title: t("window.vendor"), value: (w) => w.vendor, show: (w) => <Raw text={w.vendor} /> },
    { key: "assets", title: t("window.targets"), value: (w) => (w.assets as string[]).join(", "), show: (w) => <Raw text={(w.assets as string[]).join(", ")} /> },
    { key: "opens", title: t("window.when"), value: (w) => w.opens, show: (w) => <>{showSpan(w.opens, w.closes)} {w.state === "open" && <TimeLeft to={w.closes} />}</> },
    { key: "granted", title: t("emergency.granted"), value: (w) => w.granted_by, show: (w) => <Raw text={w.granted_by} /> },
    {
      key: "review",
      title: t("emergency.review"),
      value: (w) => w.verdict,
      show: (w) => (w.verdict ? <Reviewed window={w} /> : w.due ? hasRole("rssi") ? <Review window={w} done={reload} /> : <Chip tone="warn">{t("emergency.is_due")}</Chip> : "–"),
    },
  ];
}

function Reviewed({ window: w }: { window: Answer }) {
  return (
    <>
      <Chip tone={w.verdict === "justified" ? "good" : "bad"}>{word("verdict", w.verdict)}</Chip>
      <div>
        <Raw text={w.happened} />
      </div>
      {w.comment && (
        <div>
          <Raw text={w.comment} />
        </div>
      )}
      <div class="muted">{t("emergency.reviewed", { who: String(w.reviewed_by), at: showMoment(w.reviewed_at) })}</div>
    </>
  );
}

/** What the RSSI says of it, signed: the same vendor's next emergency waits for this. */
function Review({ window: w, done }: { window: Answer; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [happened, setHappened] = useState("");
  const [verdict, setVerdict] = useState<string[]>([]);
  const [comment, setComment] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const act = useAct();
  const unjustified = verdict[0] === "unjustified";
  const check = (): Errors => ({
    ...(happened.trim() ? {} : { happened: t("review.happened_missing") }),
    ...(verdict.length ? {} : { verdict: t("review.verdict_missing") }),
    ...(unjustified && !comment.trim() ? { comment: t("review.comment_missing") } : {}),
    ...checkFactors(factors),
  });
  const send = () =>
    act.run(check, async () => {
      await call("emergency.review", { window: w.window, happened: happened.trim(), verdict: verdict[0] ?? "", comment: comment.trim() || undefined, ...factors });
      setOpen(false);
      done();
    });
  return (
    <>
      <button type="button" class="primary small" onClick={() => setOpen(true)}>
        <Icon name="pen-line" />
        {t("review.open")}
        <span class="unseen"> {w.window}</span>
      </button>
      {open && (
        <Dialog title={t("review.title", { id: String(w.window) })} onClose={() => setOpen(false)}>
          <Form act={act} onSubmit={() => void send()} submit={t("review.submit")} icon="pen-line" extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
            <p class="consequence">{t("review.consequence", { vendor: String(w.vendor) })}</p>
            <p>
              <Raw text={w.reason} />
            </p>
            {w.report_lifted_reason && (
              <Notice tone="warn" title={t("story.lifted")}>
                <p>
                  <Raw text={w.report_lifted_reason} />
                </p>
              </Notice>
            )}
            <Area name="happened" label={t("review.happened")} value={happened} onValue={setHappened} error={act.errors.happened} maxLength={1900} />
            <Choices name="verdict" label={t("review.verdict")} value={verdict} onValue={setVerdict} error={act.errors.verdict} options={["justified", "unjustified"].map((one) => [one, word("verdict", one)])} />
            <Area name="comment" label={t("review.comment")} optional={!unjustified} rows={2} value={comment} onValue={setComment} error={act.errors.comment} maxLength={1900} />
            <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
          </Form>
        </Dialog>
      )}
    </>
  );
}
