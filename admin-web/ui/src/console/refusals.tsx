import { useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Empty, Facts, Icon, Loading, Notice, ProblemBox, Raw } from "../parts/basics";
import { Area, Form, Input, useAct } from "../parts/form";
import { Page, Section } from "../parts/page";
import { hasRole } from "../parts/session";
import { type Column, Filter, More, Table } from "../parts/table";

/** Somebody known mistyped and waits: nothing but the wait is taken away. */
function ClearDelay() {
  const [open, setOpen] = useState(false);
  const [login, setLogin] = useState("");
  const [address, setAddress] = useState("");
  const [reason, setReason] = useState("");
  const [done, setDone] = useState("");
  const act = useAct();
  const clear = () =>
    act.run(
      () => ({
        ...(login.trim() ? {} : { login: t("delay.login_missing") }),
        ...(address.trim() ? {} : { address: t("delay.address_missing") }),
        ...(reason.trim() ? {} : { reason: t("delay.reason_missing") }),
      }),
      async () => {
        await call("throttle.clear", { login: login.trim(), address: address.trim(), reason: reason.trim() });
        setDone(login.trim());
        setOpen(false);
      },
    );
  return (
    <>
      {done && <Notice tone="good" title={t("delay.done", { login: done })} />}
      {!open && (
        <p>
          <button type="button" onClick={() => (setDone(""), setOpen(true))}>
            <Icon name="clock" />
            {t("delay.title")}
          </button>
        </p>
      )}
      {open && (
        <Section title={t("delay.title")}>
          <div class="card narrow">
            <p class="muted">{t("delay.help")}</p>
            <Form act={act} onSubmit={() => void clear()} submit={t("delay.submit")} extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
              <Input name="login" label={t("delay.login")} value={login} onValue={setLogin} error={act.errors.login} maxLength={128} autocomplete="off" spellcheck={false} />
              <Input name="address" label={t("account.address")} value={address} onValue={setAddress} error={act.errors.address} maxLength={64} autocomplete="off" />
              <Area name="reason" label={t("delay.reason")} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1000} />
            </Form>
          </div>
        </Section>
      )}
    </>
  );
}

/** D9. Somebody is on the phone with a reference, an address or a login: find what happened. */
export function Refusals() {
  const [text, setText] = useQuery("q");
  const [code, setCode] = useQuery("code");
  const list = useCall("refusal.list", {}, ["refusal"]);
  const { data, problem, stale, reload } = list;
  const [found, setFound] = useState<Answer>();
  const [missed, setMissed] = useState<Problem>();
  const all = (data?.rows ?? []) as Answer[];
  const wanted = text.trim().toLowerCase();
  const rows = all.filter((r) => (!code || r.code === code) && (!wanted || [r.reference, r.address, r.login, r.person_name, r.asset].some((one) => String(one ?? "").toLowerCase().includes(wanted))));
  const search = async () => {
    setFound(undefined);
    setMissed(undefined);
    const reference = text.trim().toUpperCase();
    // The list holds the last ones; an older one has its reference.
    if (!reference.startsWith("R-") || rows.length > 0) return;
    try {
      setFound(await call("refusal.show", { reference }));
    } catch (error) {
      if (error instanceof Problem) setMissed(error);
    }
  };
  const columns: Column<Answer>[] = [
    { key: "at", title: t("refusal.at"), value: (r) => r.at, show: (r) => showMoment(r.at, true) },
    { key: "reference", title: t("refusal.reference"), head: true, value: (r) => r.reference, show: (r) => <code>{r.reference}</code> },
    { key: "code", title: t("refusal.code"), value: (r) => r.code, show: (r) => <strong>{r.code}</strong> },
    { key: "door", title: t("refusal.door"), value: (r) => word("door", r.door), show: (r) => word("door", r.door) },
    { key: "address", title: t("account.address"), value: (r) => r.address, show: (r) => <code><Raw text={r.address} /></code> },
    { key: "login", title: t("refusal.login"), value: (r) => r.login, show: (r) => <><Raw text={r.login} />{r.person_name && <div class="muted"><Raw text={r.person_name} /></div>}</> },
    { key: "asset", title: t("window.targets"), value: (r) => r.asset, show: (r) => <Raw text={r.asset} /> },
    { key: "detail", title: t("refusal.detail"), value: (r) => r.detail, show: (r) => <Raw text={r.detail} /> },
  ];
  return (
    <Page title={t("refusals.title")} lead={<p>{t("refusals.lead")}</p>}>
      <div class="filters">
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            void search();
          }}
        >
          <Input name="q" label={t("refusals.search")} value={text} onValue={setText} optional autocomplete="off" maxLength={128} />
          <button type="submit">
            <Icon name="search" />
            {t("refusals.find")}
          </button>
        </form>
        <Filter name="code" label={t("refusal.code")} value={code} onValue={setCode} options={[["", t("filter.all")], ...[...new Set(all.map((r) => r.code as string))].sort().map((one): [string, string] => [one, one])]} />
      </div>
      {hasRole("dsi") && <ClearDelay />}
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {missed && <ProblemBox problem={missed} />}
      {found && (
        <Section title={t("refusals.one", { reference: String(found.reference) })}>
          <div class="card">
            <Facts rows={columns.map((column) => [column.title, column.show(found)])} />
          </div>
        </Section>
      )}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="r" caption={t("refusals.title")} columns={columns} rows={rows} rowKey={(r) => r.reference} csv="refus" empty={<Empty title={all.length ? t("filter.none") : t("refusals.none")}><p>{t("refusals.none_text")}</p></Empty>} />}
      <More list={list} />
    </Page>
  );
}
