import { type Answer, call, fileAddress } from "../lib/call";
import { useCall } from "../lib/live";
import { t } from "../lib/text";
import { showMoment } from "../lib/time";
import { Icon, Loading, Notice, ProblemBox, ReportState } from "../parts/basics";
import { AskButton } from "../parts/form";
import { Page } from "../parts/page";
import { Decisions, DeclaredForm, ReportFacts } from "../views/report_facts";

/** D6. One report: the facts, what was declared, and the hospital's visa. */
export function ConsoleReport({ id }: { id: string }) {
  const { data: r, problem, stale, reload } = useCall("report.show", { report: id }, ["report"]);
  const title = t("report.title", { id });
  if (!r) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const facts = r.facts as Answer;
  const owed = ["due", "draft", "returned"].includes(r.state);
  const late = owed && Date.parse(r.due_at) < Date.now();
  return (
    <Page
      title={title}
      lead={
        <p class="chips">
          <ReportState state={r.state} late={late} />
          {owed && <span>{t(late ? "report.was_due" : "home.due", { at: showMoment(r.due_at) })}</span>}
        </p>
      }
      actions={
        <>
          <a class="button" href={fileAddress("report.export", { report: id, format: "pdf" })} download>
            <Icon name="download" />
            {r.signed ? t("report.pdf") : t("report.pdf_facts")}
          </a>
          {r.state === "submitted" && (
            <>
              <AskButton
                tone="primary"
                icon="circle-check"
                done={reload}
                question={() => ({ title: t("visa.title", { id }), consequence: t("visa.consequence"), reason: t("visa.comment"), reasonOptional: true, submit: t("visa.submit"), act: ({ reason }) => call("report.accept", { report: id, comment: reason || undefined }) })}
              >
                {t("visa.submit")}
              </AskButton>
              <AskButton
                tone="danger"
                icon="x"
                done={reload}
                question={() => ({ title: t("return.title", { id }), consequence: t("return.consequence"), reason: t("return.comment"), submit: t("return.submit"), tone: "danger", act: ({ reason }) => call("report.return", { report: id, comment: reason }) })}
              >
                {t("return.submit")}
              </AskButton>
            </>
          )}
        </>
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {owed && <Notice tone={late ? "bad" : "quiet"} title={t("report.waiting_for_vendor")} />}
      {["accepted", "returned"].includes(r.state) && (
        <Notice tone={r.state === "accepted" ? "good" : "warn"} title={t(r.state === "accepted" ? "report.accepted" : "report.returned_dsi")}>
          <Decisions facts={facts} />
        </Notice>
      )}
      <div class="split">
        <section class="card">
          <h2>{t("report.facts")}</h2>
          <ReportFacts facts={facts} />
        </section>
        {r.form ? (
          <section class="card">
            <h2>{t("report.declared")}</h2>
            <DeclaredForm form={r.form as Answer} />
          </section>
        ) : (
          <Notice tone="quiet" title={t("report.nothing_declared")} />
        )}
      </div>
    </Page>
  );
}
