import { useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showMoment, showSpan, showZone, toLocal, toUtc } from "../lib/time";
import { Icon, Notice, ProblemBox, Raw } from "../parts/basics";
import { me } from "../parts/session";
import { Area, AskButton, Choices, Dialog, type Errors, Form, Input, Select, Tick, useAct } from "../parts/form";

interface Props {
  window: Answer;
  small?: boolean;
  done: () => void;
}
const nameOf = (w: Answer) => `${w.window}`;

/** D2. Approve as asked, or with less: shorter, fewer functions, opened by hand. */
export function Approve({ window: w, small = false, done }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class={small ? "primary small" : "primary"} onClick={() => setOpen(true)}>
        <Icon name="circle-check" />
        {t("approve.open")}
        <span class="unseen"> {nameOf(w)}</span>
      </button>
      {open && <ApproveDialog window={w} onClose={() => setOpen(false)} done={done} />}
    </>
  );
}

function ApproveDialog({ window: w, onClose, done }: { window: Answer; onClose: () => void; done: () => void }) {
  const functions = (w.functions ?? []) as string[];
  const [opens, setOpens] = useState(toLocal(w.opens));
  const [closes, setCloses] = useState(toLocal(w.closes));
  const [kept, setKept] = useState<string[]>(functions);
  const [mode, setMode] = useState(String(w.open_mode));
  const [override, setOverride] = useState("");
  const [lift, setLift] = useState("");
  const [escort, setEscort] = useState(Boolean(w.escort_required));
  const [watch, setWatch] = useState(false);
  const [comment, setComment] = useState("");
  const act = useAct();
  const late = Boolean(w.emergency) && (((w.remarks ?? []) as string[]).includes("report_late") || act.problem?.code === "E-URG-02");
  const care = ((w.remarks ?? []) as string[]).includes("usage_hours") || act.problem?.code === "E-CRE-10";
  const check = (): Errors => {
    const errors: Errors = {};
    if (!toUtc(opens)) errors.opens = t("ask.opens_missing");
    if (!toUtc(closes)) errors.closes = t("ask.closes_missing");
    if (functions.length > 0 && kept.length === 0) errors.kept = t("approve.none_kept");
    if (((w.remarks ?? []) as string[]).includes("usage_hours") && !override.trim()) errors.override = t("approve.override_missing");
    return errors;
  };
  const send = () =>
    act.run(check, async () => {
      const removed = functions.filter((one) => !kept.includes(one));
      await call("window.approve", {
        window: w.window,
        opens: opens === toLocal(w.opens) ? undefined : toUtc(opens),
        closes: closes === toLocal(w.closes) ? undefined : toUtc(closes),
        remove_function: removed.length ? removed : undefined,
        open_mode: mode === w.open_mode ? undefined : mode,
        override_reason: override.trim() || undefined,
        report_lift: lift.trim() || undefined,
        escort: (escort && !w.escort_required) || undefined,
        escort_watch: (escort && watch) || undefined,
        comment: comment.trim() || undefined,
      });
      onClose();
      done();
    });
  return (
    <Dialog title={t("approve.title", { id: nameOf(w) })} onClose={onClose}>
      <Form act={act} onSubmit={() => void send()} submit={t("approve.submit")} icon="circle-check" extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}>
        <p class="consequence">{t("approve.consequence", { vendor: String(w.vendor), when: showSpan(w.opens, w.closes) })}</p>
        {care && (
          <Notice tone="warn" title={t("remark.usage_hours")}>
            <p>{t("approve.override_help")}</p>
          </Notice>
        )}
        {care && <Area name="override" label={t("approve.override")} value={override} onValue={setOverride} error={act.errors.override} rows={2} maxLength={1900} />}
        {late && (
          <Notice tone="bad" title={t("remark.report_late")}>
            <p>{t("approve.lift_help")}</p>
          </Notice>
        )}
        {late && <Area name="lift" label={t("approve.lift")} optional value={lift} onValue={setLift} rows={2} maxLength={1900} />}
        <div class="row">
          <Input name="opens" type="datetime-local" label={t("ask.opens")} help={showZone(w.opens)} value={opens} min={toLocal(w.opens)} max={toLocal(w.closes)} onValue={setOpens} error={act.errors.opens} />
          <Input name="closes" type="datetime-local" label={t("ask.closes")} help={t("approve.shorten")} value={closes} min={toLocal(w.opens)} max={toLocal(w.closes)} onValue={setCloses} error={act.errors.closes} />
        </div>
        {functions.length > 0 && <Choices many name="kept" label={t("approve.functions")} help={t("approve.functions_help")} value={kept} onValue={setKept} error={act.errors.kept} options={functions.map((one) => [one, word("function", one)])} />}
        <Select name="mode" label={t("window.mode")} value={mode} onValue={setMode} options={[["auto", word("mode", "auto")], ["manual", word("mode", "manual")]]} />
        {w.escort_required ? <p class="help">{t("escort.asked")}</p> : <Tick name="escort" label={t("approve.escort")} help={t("approve.escort_help")} value={escort} onValue={setEscort} />}
        {escort && <Tick name="watch" label={t("approve.watch")} help={t("approve.watch_help")} value={watch} onValue={setWatch} />}
        <Area name="comment" label={t("approve.comment")} optional rows={1} value={comment} onValue={setComment} maxLength={1900} />
      </Form>
    </Dialog>
  );
}

export function Refuse({ window: w, small = false, done }: Props) {
  return (
    <AskButton
      tone={small ? "danger small" : "danger"}
      icon="circle-x"
      label={nameOf(w)}
      done={done}
      question={() => ({
        title: t("refuse.title", { id: nameOf(w) }),
        consequence: t("refuse.consequence"),
        reason: t("refuse.reason"),
        submit: t("refuse.submit"),
        tone: "danger",
        act: ({ reason }) => call("window.refuse", { window: w.window, reason }),
      })}
    >
      {t("refuse.open")}
    </AskButton>
  );
}

export function OpenNow({ window: w, done }: Props) {
  return (
    <AskButton
      tone="primary"
      icon="circle-check"
      label={nameOf(w)}
      done={done}
      question={() => ({ title: t("open.title", { id: nameOf(w) }), consequence: t("open.consequence", { at: showMoment(w.closes) }), submit: t("open.submit"), act: () => call("window.open", { window: w.window }) })}
    >
      {t("open.submit")}
    </AskButton>
  );
}

/** More time, in one press and a reason. */
export function Extend({ window: w, small = false, done }: Props) {
  const [open, setOpen] = useState(false);
  const [minutes, setMinutes] = useState("15");
  const [reason, setReason] = useState("");
  const act = useAct();
  const until = new Date(Date.parse(w.closes) + Number(minutes) * 60_000).toISOString().replace(/\.\d+Z$/, "Z");
  return (
    <>
      <button type="button" class={small ? "small" : ""} onClick={() => setOpen(true)}>
        <Icon name="clock" />
        {t("extend.open")}
        <span class="unseen"> {nameOf(w)}</span>
      </button>
      {open && (
        <Dialog title={t("extend.title", { id: nameOf(w) })} onClose={() => setOpen(false)}>
          <Form
            act={act}
            submit={t("extend.submit", { n: minutes })}
            extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}
            onSubmit={() =>
              void act.run(
                () => (reason.trim() ? ({} as Errors) : { reason: t("form.reason_missing") }),
                async () => {
                  await call("window.extend", { window: w.window, closes: until, reason: reason.trim() });
                  setOpen(false);
                  setReason("");
                  done();
                },
              )
            }
          >
            <p class="consequence">{t("extend.consequence", { at: showMoment(until) })}</p>
            <Choices name="minutes" label={t("extend.by")} value={[minutes]} onValue={([one]) => setMinutes(one ?? "15")} options={["15", "30", "60"].map((one) => [one, t("extend.minutes", { n: one })])} />
            <Area name="reason" label={t("form.reason")} rows={2} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1900} />
          </Form>
        </Dialog>
      )}
    </>
  );
}

export function Close({ window: w, done }: Props) {
  return (
    <AskButton
      tone="danger"
      icon="scissors"
      label={nameOf(w)}
      done={done}
      question={() => ({ title: t("close.title", { id: nameOf(w) }), consequence: t("close.consequence"), reason: t("form.reason"), submit: t("close.submit"), tone: "danger", act: ({ reason }) => call("window.close", { window: w.window, reason }) })}
    >
      {t("close.open")}
    </AskButton>
  );
}

export function Cancel({ window: w, done }: Props) {
  return (
    <AskButton
      tone="danger"
      icon="x"
      label={nameOf(w)}
      done={done}
      question={() => ({ title: t("cancel.title"), consequence: t("cancel.consequence"), reason: t("cancel.reason"), submit: t("cancel.submit"), tone: "danger", act: ({ reason }) => call("window.cancel", { window: w.window, reason }) })}
    >
      {t("cancel.open")}
    </AskButton>
  );
}

/** Something is missing for a decision: the vendor reads it in the portal. */
export function Question({ window: w, done }: Props) {
  return (
    <AskButton icon="mail" label={nameOf(w)} done={done} question={() => ({ title: t("question.ask_title", { id: nameOf(w) }), consequence: t("question.consequence"), reason: t("question.title"), submit: t("question.ask"), act: ({ reason }) => call("question.ask", { window: w.window, question: reason }) })}>
      {t("question.ask")}
    </AskButton>
  );
}

/** More time was asked for: one press says yes; no takes a reason, read in the live session. */
export function ExtensionRequests({ window }: { window?: string }) {
  const { data, reload } = useCall("extension.list", window ? { window, state: "asked" } : { state: "asked" }, ["window"]);
  const [problem, setProblem] = useState<Problem>();
  const accept = async (extension: string) => {
    setProblem(undefined);
    try {
      await call("extension.accept", { extension });
    } catch (error) {
      if (error instanceof Problem) setProblem(error);
    }
    reload();
  };
  return (
    <>
      {problem && <ProblemBox problem={problem} />}
      {((data?.rows ?? []) as Answer[]).map((one) => (
        <Notice
          key={one.extension}
          tone="warn"
          title={t("extend.request", { vendor: String(one.vendor), at: showMoment(one.closes) })}
          actions={
            <>
              <button type="button" class="primary" onClick={() => void accept(String(one.extension))}>
                <Icon name="circle-check" />
                {t("extend.grant")}
                <span class="unseen"> {one.window}</span>
              </button>
              <AskButton tone="danger" icon="circle-x" label={one.window} done={reload} question={() => ({ title: t("extend.refuse"), consequence: t("extend.refuse_consequence"), reason: t("form.reason"), submit: t("extend.refuse"), tone: "danger", act: ({ reason }) => call("extension.refuse", { extension: one.extension, reason }) })}>
                {t("extend.refuse")}
              </AskButton>
            </>
          }
        >
          <p>
            <a href={`/creneaux/${one.window}`}>{one.window}</a> – {one.asked_by} : <Raw text={one.reason} />
          </p>
        </Notice>
      ))}
    </>
  );
}

/** "I am here", "I leave": said by whoever is logged in. */
export function Presence({ window: w, done }: Props) {
  const act = useAct();
  const here = ((w.presences ?? []) as Answer[]).some((one) => one.login === me().login && !one.left);
  const say = () =>
    act.run(
      () => ({}) as Errors,
      async () => {
        await call("window.escort", { window: w.window, present: !here });
        done();
      },
    );
  return (
    <>
      <button type="button" disabled={act.busy} onClick={() => void say()}>
        <Icon name={here ? "x" : "eye"} />
        {t(here ? "escort.leave" : "escort.arrive")}
      </button>
      {act.problem && <ProblemBox problem={act.problem} />}
    </>
  );
}

/** Who of the hospital follows the intervention. */
export function Escort({ window: w, done }: Props) {
  const [open, setOpen] = useState(false);
  const [person, setPerson] = useState(String(w.escort ?? ""));
  const act = useAct();
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        <Icon name="user" />
        {t("escort.open")}
      </button>
      {open && (
        <Dialog title={t("escort.title")} onClose={() => setOpen(false)}>
          <Form
            act={act}
            submit={t("escort.submit")}
            extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}
            onSubmit={() =>
              void act.run(
                () => (person.trim() ? ({} as Errors) : { person: t("escort.missing") }),
                async () => {
                  await call("escort.set", { window: w.window, person: person.trim() });
                  setOpen(false);
                  done();
                },
              )
            }
          >
            <Input name="person" label={t("login.name")} help={t("escort.help")} value={person} onValue={setPerson} error={act.errors.person} maxLength={64} autocomplete="off" />
          </Form>
        </Dialog>
      )}
    </>
  );
}
