import type { ComponentChildren } from "preact";
import { type Answer, call, fileAddress } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showDate, showMoment } from "../lib/time";
import { Chip, Empty, Icon, Loading, Notice, PersonState, ProblemBox, Raw } from "../parts/basics";
import { AskButton, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { me } from "../parts/session";
import { type Column, More, Table } from "../parts/table";

const whose = (review: Answer) => (review.vendor ? <Raw text={review.vendor} /> : t("accounts.hospital"));

/** R4. Every review, the running ones first. `actions`: what else the reader may do with the list. */
export function AccountReviews({ actions }: { actions?: (rows: Answer[], reload: () => void) => ComponentChildren }) {
  const list = useCall("review.list", {}, ["review"]);
  const { data, problem, stale, reload } = list;
  const columns: Column<Answer>[] = [
    { key: "review", title: t("accounts.review"), head: true, value: (r) => r.review, show: (r) => <a href={`/revues/${r.review}`}>{r.review}</a> },
    { key: "vendor", title: t("accounts.whose"), value: (r) => r.vendor ?? t("accounts.hospital"), show: whose },
    { key: "opened", title: t("accounts.opened"), value: (r) => r.opened_at, show: (r) => showDate(r.opened_at) },
    { key: "due", title: t("accounts.due"), value: (r) => r.due_at, show: (r) => showMoment(r.due_at) },
    { key: "people", title: t("accounts.people"), value: (r) => r.people, show: (r) => String(r.people) },
    { key: "missing", title: t("accounts.missing"), value: (r) => r.missing, show: (r) => String(r.missing) },
    { key: "state", title: t("window.state"), value: (r) => r.validated_at, show: (r) => (r.validated_at ? <Chip tone="good">{t("accounts.validated", { at: showDate(r.validated_at), who: String(r.validated_by) })}</Chip> : <Chip tone="warn">{r.missing > 0 ? t("accounts.to_confirm") : t("accounts.to_validate")}</Chip>) },
  ];
  const rows = (data?.rows ?? []) as Answer[];
  return (
    <Page
      title={t("accounts.title")}
      lead={<p>{t("accounts.lead")}</p>}
      actions={data && actions?.(rows, reload)}
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="r" caption={t("accounts.title")} columns={columns} rows={rows} rowKey={(r) => r.review} csv="revues" empty={<Empty title={t("accounts.none")}><p>{t("accounts.none_text")}</p></Empty>} />}
      <More list={list} />
    </Page>
  );
}

const verdictTone = (verdict: string) => (verdict === "keep" ? "good" : "bad");

/** One review: every account with what helps to decide on it. `validation`: shown once every account is decided, to whoever may. */
export function AccountReview({ id, validation }: { id: string; validation?: (review: string, done: () => void) => ComponentChildren }) {
  const { data: r, problem, stale, reload } = useCall("review.show", { review: id }, ["review", "person"]);
  const title = t("accounts.one", { id });
  if (!r) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const rows = (r.rows ?? []) as Answer[];
  const missing = rows.filter((p) => !p.verdict).length;
  const running = !r.validated_at;
  const assets = ((r.assets ?? []) as Answer[]).map((a) => String(a.name)).join(", ");
  const columns: Column<Answer>[] = [
    { key: "name", title: t("account.name"), head: true, value: (p) => p.name, show: (p) => <><Raw text={p.name} /> <code>{p.login}</code></> },
    // The hospital's own people have none.
    ...(r.vendor ? [{ key: "company", title: t("accounts.subcontractor"), value: (p: Answer) => p.subcontractor, show: (p: Answer) => (p.subcontractor ? <Raw text={p.subcontractor} /> : "–") }] : []),
    { key: "roles", title: t("account.roles"), value: (p) => (p.roles as string[]).join(", "), show: (p) => (p.roles as string[]).map((role) => word("role", role)).join(", ") },
    { key: "state", title: t("window.state"), value: (p) => word("state.person", p.state), show: (p) => <PersonState state={p.state} /> },
    { key: "last", title: t("people.last"), value: (p) => p.last_login_at, show: (p) => <>{showMoment(p.last_login_at)} {p.dormancy_announced_at && p.state === "active" && <Chip tone="warn">{t("accounts.dormant")}</Chip>}</> },
    { key: "factors", title: t("accounts.factors"), value: (p) => (p.factors as string[]).join(", "), show: (p) => (p.factors as string[]).map((one) => word("factor", one)).join(", ") || "–" },
    { key: "windows", title: t("accounts.windows"), value: (p) => p.windows, show: (p) => String(p.windows) },
    {
      key: "verdict",
      title: t("accounts.verdict"),
      value: (p) => (p.verdict ? word("verdict", p.verdict) : ""),
      show: (p) => (p.verdict ? <Decided row={p} /> : running && r.decides ? <Decide review={id} row={p} done={reload} /> : <Chip tone="quiet">{t("accounts.undecided")}</Chip>),
    },
  ];
  const validates = running && r.validates && missing === 0;
  return (
    <Page
      title={title}
      lead={
        <p>
          {whose(r)}
          {assets && <>{" · "}{t("accounts.assets")} <Raw text={assets} /></>}
        </p>
      }
      actions={
        r.validated_at && (
          <a class="button" href={fileAddress("review.minutes", { review: id })} download>
            <Icon name="download" />
            {t("accounts.minutes")}
          </a>
        )
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {running && missing > 0 && <Notice tone="warn" title={t("accounts.notice", { n: missing, at: showMoment(r.due_at) })}><p>{t("accounts.notice_text")}</p></Notice>}
      {running && missing === 0 && !validates && <Notice tone="info" title={t("accounts.waits_for_hospital")} />}
      {r.validated_at && <Notice tone="good" title={t("accounts.validated", { at: showMoment(r.validated_at), who: String(r.validated_by) })}>{r.comment && <p><Raw text={r.comment} /></p>}</Notice>}
      <Table id="p" caption={title} columns={columns} rows={rows} rowKey={(p) => p.login} csv={`revue-${id}`} empty={<Empty title={t("accounts.none")} />} />
      {validates && validation?.(id, reload)}
    </Page>
  );
}

function Decided({ row: p }: { row: Answer }) {
  return (
    <>
      <Chip tone={verdictTone(p.verdict)}>{word("verdict", p.verdict)}</Chip>
      {p.comment && <div><Raw text={p.comment} /></div>}
      <div class="muted">{p.decided_by ? t("accounts.decided", { who: String(p.decided_by), at: showMoment(p.decided_at) }) : showMoment(p.decided_at)}</div>
    </>
  );
}

function Decide({ review, row: p, done }: { review: string; row: Answer; done: () => void }) {
  const act = useAct();
  if (p.login === me().login) return <span class="muted">{t("accounts.own")}</span>;
  const keep = () =>
    act.run(
      () => ({}),
      async () => {
        await call("review.decide", { review, person: p.login, verdict: "keep" });
        done();
      },
    );
  return (
    <div class="actions">
      <button type="button" class="small" aria-disabled={act.busy ? "true" : undefined} onClick={() => void keep()}>
        <Icon name="circle-check" />
        {t("accounts.keep")}
        <span class="unseen"> {p.name}</span>
      </button>
      <AskButton
        tone="small danger"
        label={String(p.name)}
        done={done}
        question={() => ({
          title: t("accounts.remove_title", { name: String(p.name) }),
          consequence: t("people.suspend_consequence"),
          reason: t("form.reason"),
          submit: t("accounts.remove"),
          tone: "danger",
          act: ({ reason }) => call("review.decide", { review, person: p.login, verdict: "remove", comment: reason }),
        })}
      >
        {t("accounts.remove")}
      </AskButton>
      {act.problem && <ProblemBox problem={act.problem} />}
    </div>
  );
}
