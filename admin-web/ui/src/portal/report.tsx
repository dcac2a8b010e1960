import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, type Problem, call, fileAddress } from "../lib/call";
import { keepDraft, useDraft } from "../lib/draft";
import { useCall } from "../lib/live";
import { type Operation, type ReportForm, blankForm, blankOperation, fromStored, missing, toStored } from "../lib/report_form";
import { t, word } from "../lib/text";
import { showDuration, showHour, showMoment, toLocal, useNow } from "../lib/time";
import { Icon, Loading, Notice, ProblemBox, ReportState } from "../parts/basics";
import { Area, Choices, type Errors, Form, Input, Select, SignFields, YesNo, checkFactors, useAct } from "../parts/form";
import { Page, Section } from "../parts/page";
import { hasRole, me } from "../parts/session";
import { Decisions, DeclaredForm, ReportFacts } from "../views/report_facts";

const natures = ["preventive", "corrective", "evolutive", "diagnostic", "update", "installation"];
const outcomes = ["resolved", "partial", "unresolved", "not_applicable"];
const residuals = ["none", "removed", "left"];

/** P7. The facts at one side, what only the technician knows at the other; kept as it is typed. */
export function PortalReport({ id }: { id: string }) {
  const { data: r, problem, reload } = useCall("report.show", { report: id }, ["report"]);
  const title = t("report.title", { id });
  if (!r) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const facts = r.facts as Answer;
  const writes = ["due", "draft", "returned"].includes(r.state) && hasRole("technician");
  return (
    <Page
      title={title}
      lead={<DueState report={r} />}
      actions={
        <a class="button" href={fileAddress("report.export", { report: id, format: "pdf" })} download>
          <Icon name="download" />
          {r.signed ? t("report.pdf") : t("report.pdf_facts")}
        </a>
      }
    >
      {r.state === "returned" && (
        <Notice tone="warn" title={t("report.returned")}>
          <Decisions facts={facts} />
        </Notice>
      )}
      {r.state === "submitted" && <Notice tone="info" title={t("report.submitted")} />}
      {r.state === "accepted" && (
        <Notice tone="good" title={t("report.accepted")}>
          <Decisions facts={facts} />
        </Notice>
      )}
      <div class="split">
        <section class="card">
          <h2>{t("report.facts")}</h2>
          <p class="muted">{t("report.facts_help")}</p>
          <ReportFacts facts={facts} />
        </section>
        {writes ? (
          <Write report={id} facts={facts} done={reload} />
        ) : r.form ? (
          <section class="card">
            <h2>{t("report.declared")}</h2>
            <DeclaredForm form={r.form as Answer} />
          </section>
        ) : (
          <Notice tone="quiet" title={t("report.technician_writes")} />
        )}
      </div>
    </Page>
  );
}

function DueState({ report: r }: { report: Answer }) {
  const at = useNow(30_000);
  const left = Date.parse(r.due_at) - at;
  const owed = ["due", "draft", "returned"].includes(r.state);
  return (
    <p class="chips">
      <ReportState state={r.state} late={owed && left < 0} />
      {owed && <span>{left < 0 ? t("report.was_due", { at: showMoment(r.due_at) }) : t("report.due_in", { at: showMoment(r.due_at), left: showDuration(left) })}</span>}
    </p>
  );
}

/** Begins where the server's copy ends, or what was signed before it was sent back. */
function Write({ report, facts, done }: { report: string; facts: Answer; done: () => void }) {
  const { data, problem, reload } = useCall("report.draft_show", { report });
  if (!data) return <section class="card">{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</section>;
  const began = ((facts.sessions ?? []) as Answer[])[0]?.started ?? facts.window.start;
  const first = toLocal(began);
  const blank = blankForm(natures.includes(facts.window.nature) ? facts.window.nature : "", first);
  return <WriteForm report={report} first={first} begin={{ ...blank, ...fromStored((data.draft ?? {}) as Answer) }} savedAt={data.saved_at as string | undefined} done={done} />;
}

const saveAfter = 1500;
const tryAgainAfter = 10_000;

/** Sends the form to the server a moment after it was last changed; the tab's own copy is dropped once it is there. */
function useAutosave(report: string, form: ReportForm, dirty: boolean, kept: () => void, before: string | undefined) {
  const [savedAt, setSavedAt] = useState(before);
  const [problem, setProblem] = useState<Problem>();
  const [tries, setTries] = useState(0);
  const latest = useRef(form);
  latest.current = form;
  const save = async () => {
    const sent = latest.current;
    const answer = await call("report.draft", { report, form: toStored(report, sent) });
    setSavedAt(answer.saved_at);
    setProblem(undefined);
    if (latest.current === sent) kept();
  };
  useEffect(() => {
    if (!dirty) return;
    const timer = setTimeout(() => {
      save().catch((error: Problem) => {
        setProblem(error);
        if (error.status === 503) setTimeout(() => setTries((n) => n + 1), tryAgainAfter);
      });
    }, saveAfter);
    return () => clearTimeout(timer);
  }, [form, dirty, tries]);
  return { savedAt, problem, save };
}

function WriteForm({ report, first, begin, savedAt, done }: { report: string; first: string; begin: ReportForm; savedAt: string | undefined; done: () => void }) {
  const draft = `report:${report}`;
  const [form, change, forget, dirty] = useDraft<ReportForm>(draft, begin);
  const saved = useAutosave(report, form, dirty, () => forget(), savedAt);
  const [factors, setFactors] = useState({ password: "", code: "" });
  const act = useAct();
  const e = act.errors;
  const set = (name: keyof ReportForm) => (value: unknown) => change({ [name]: value } as Partial<ReportForm>);
  const check = (): Errors => Object.fromEntries(missing(form).map((name) => [name, t("form.wants", { what: labelOf(name) })]));
  const preview = () =>
    act.run(check, async () => {
      await saved.save();
      const link = document.createElement("a");
      link.href = fileAddress("report.export", { report, format: "pdf" });
      link.download = "";
      link.click();
    });
  const send = () =>
    act.run(() => ({ ...check(), ...checkFactors(factors) }), async () => {
      keepDraft(draft, form);
      try {
        await call("report.submit", { report, form: JSON.stringify(toStored(report, form)), format: "json", ...factors });
      } finally {
        setFactors({ password: "", code: "" });
      }
      forget();
      done();
    });
  const area = (name: "symptom" | "tests" | "difficulties" | "service_impact" | "next_steps" | "rollback_detail" | "copies_detail" | "residual_what" | "residual_why" | "incident_detail", rows = 2) => (
    <Area name={name} label={labelOf(name)} value={form[name]} error={e[name]} onValue={set(name)} rows={rows} maxLength={8000} />
  );
  const yes = (name: "subcontractor_present" | "escort_present" | "rollback_done" | "health_data_seen" | "copies_taken" | "incident") => (
    <YesNo name={name} label={labelOf(name)} value={form[name]} error={e[name]} onValue={set(name)} />
  );
  const choose = (name: "actual_nature" | "outcome", prefix: string, words: string[]) => (
    <Select name={name} label={labelOf(name)} value={form[name]} error={e[name]} onValue={set(name)} options={[["", t("form.choose")], ...words.map((one): [string, string] => [one, prefix === "nature" ? word("nature", one) : word("outcome", one)])]} />
  );
  return (
    <section class="card">
      <h2>{t("report.write")}</h2>
      <p class="muted">{t("report.write_help")}</p>
      <p class="muted" role="status">
        {dirty ? t("form.draft_kept") : saved.savedAt ? t("report.draft_saved", { at: showHour(saved.savedAt) }) : t("report.draft_none")}
      </p>
      {saved.problem && <ProblemBox problem={saved.problem} />}
      <Form
        act={act}
        onSubmit={() => void send()}
        submit={t("report.sign")}
        icon="pen-line"
        extra={
          <button type="button" aria-disabled={act.busy ? "true" : undefined} onClick={() => void preview()}>
            <Icon name="download" />
            {t("report.preview")}
          </button>
        }
      >
        <div class="row">
          {choose("actual_nature", "nature", natures)}
          {choose("outcome", "outcome", outcomes)}
        </div>
        {area("symptom", 3)}
        <Operations value={form.operations} at={first} errors={e} onValue={(operations) => change({ operations })} />
        {area("tests")}
        {area("difficulties")}
        {area("service_impact")}
        {yes("rollback_done")}
        {form.rollback_done && area("rollback_detail")}
        <div class="row">
          {yes("escort_present")}
          {yes("subcontractor_present")}
        </div>
        {form.subcontractor_present && <Input name="subcontractor_name" label={t("rf.subcontractor_name")} value={form.subcontractor_name} error={e.subcontractor_name} onValue={set("subcontractor_name")} maxLength={400} />}
        <div class="row">
          {yes("health_data_seen")}
          {yes("copies_taken")}
        </div>
        {form.copies_taken && area("copies_detail")}
        <Choices name="residual_data" label={t("rf.residual_data")} value={form.residual_data ? [form.residual_data] : []} error={e.residual_data} onValue={([one]) => change({ residual_data: one ?? "" })} options={residuals.map((one) => [one, word("residual", one)])} />
        {form.residual_data === "left" && (
          <>
            {area("residual_what")}
            {area("residual_why")}
            <Input name="residual_until" type="date" label={t("rf.residual_until")} value={form.residual_until} error={e.residual_until} onValue={set("residual_until")} />
          </>
        )}
        {yes("incident")}
        {form.incident && area("incident_detail")}
        {area("next_steps")}
        <div class="row">
          <Input name="next_date" type="date" optional label={t("rf.next_date")} value={form.next_date} onValue={set("next_date")} />
          <Area name="advice" optional label={t("rf.advice")} value={form.advice} onValue={set("advice")} rows={1} maxLength={8000} />
        </div>
        <Section title={t("report.signature")}>
          <p class="muted">{t("report.signature_help")}</p>
          <Area name="comment" optional label={t("rf.comment")} value={form.comment} onValue={set("comment")} rows={1} maxLength={8000} />
          <SignFields value={factors} onValue={setFactors} errors={e} login={me().login} />
        </Section>
      </Form>
    </section>
  );
}

/** "operations.0.item" is asked for by the words of "item". */
const labelOf = (name: string): string => word("rf", name.split(".").at(-1));

function Operations({ value, at, errors, onValue }: { value: Operation[]; at: string; errors: Errors; onValue: (value: Operation[]) => void }) {
  const set = (i: number, change: Partial<Operation>) => onValue(value.map((one, n) => (n === i ? { ...one, ...change } : one)));
  return (
    <fieldset class="field" id="f-operations" tabIndex={-1}>
      <legend>{t("rf.operations")}</legend>
      {errors.operations && (
        <p class="error">
          <Icon name="circle-x" />
          {errors.operations}
        </p>
      )}
      <div class="stack">
        {value.map((one, i) => (
          <div class="group" key={i} role="group" aria-label={t("report.operation_n", { n: i + 1 })}>
            <div class="row">
              <Input name={`operations.${i}.at`} type="datetime-local" label={t("rf.at")} value={one.at} error={errors[`operations.${i}.at`]} onValue={(v) => set(i, { at: v.slice(0, 16) })} />
              <Input name={`operations.${i}.item`} label={t("rf.item")} value={one.item} error={errors[`operations.${i}.item`]} onValue={(item) => set(i, { item })} maxLength={400} />
            </div>
            <Area name={`operations.${i}.operation`} label={t("rf.operation")} value={one.operation} error={errors[`operations.${i}.operation`]} onValue={(operation) => set(i, { operation })} rows={2} maxLength={8000} />
            <div class="row">
              <Input name={`operations.${i}.old_version`} optional label={t("rf.old_version")} value={one.old_version} onValue={(v) => set(i, { old_version: v })} maxLength={400} />
              <Input name={`operations.${i}.new_version`} optional label={t("rf.new_version")} value={one.new_version} onValue={(v) => set(i, { new_version: v })} maxLength={400} />
            </div>
            {value.length > 1 && (
              <div class="actions">
                <button type="button" class="quiet" onClick={() => onValue(value.filter((_, n) => n !== i))}>
                  <Icon name="x" />
                  {t("report.operation_remove", { n: i + 1 })}
                </button>
              </div>
            )}
          </div>
        ))}
        <div class="actions">
          <button type="button" onClick={() => onValue([...value, blankOperation(value.at(-1)?.at ?? at)])}>
            <Icon name="plus" />
            {t("report.operation_add")}
          </button>
        </div>
      </div>
    </fieldset>
  );
}
