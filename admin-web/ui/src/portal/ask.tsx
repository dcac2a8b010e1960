import { type Answer, call } from "../lib/call";
import { useDraft } from "../lib/draft";
import { useWhole } from "../lib/live";
import { navigate } from "../lib/route";
import { t, word } from "../lib/text";
import { now, showDuration, showZone, toLocal, toUtc } from "../lib/time";
import { Icon, Loading, Notice, ProblemBox, Raw } from "../parts/basics";
import { Area, Choices, type Errors, Form, Input, Select, Tick, YesNo, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { me } from "../parts/session";
import { OnCall } from "../views/on_call";
import { AddressState } from "./home";

const natures = ["preventive", "corrective", "evolutive", "diagnostic", "update"];
const terminal = ["shell", "exec", "file_up", "file_down"];
const desktop = ["desktop", "clipboard_in", "clipboard_out", "file_up", "file_down", "sound"];

interface Asked {
  assets: string[];
  account: string;
  people: string;
  functions: string[];
  nature: string;
  reason: string;
  ticket: string;
  opens: string;
  closes: string;
  interruption: boolean | null;
  health: boolean | null;
  emergency: boolean;
  escort: boolean;
  procedure: string;
  tools: string;
  functions_kept: string;
  safeguards: string;
  update_origin: string;
  update_sha256: string;
  rollback_plan: string;
}
/** The next whole quarter of an hour, and two hours from there. */
function blank(): Asked {
  const start = Math.ceil((now() + 60_000) / 900_000) * 900_000;
  return {
    assets: [], account: "", people: "", functions: [], nature: "", reason: "", ticket: "",
    opens: toLocal(start), closes: toLocal(start + 7_200_000),
    interruption: null, health: null, emergency: false, escort: false,
    procedure: "", tools: "", functions_kept: "", safeguards: "", update_origin: "", update_sha256: "", rollback_plan: "",
  };
}

function check(asked: Asked): Errors {
  const errors: Errors = {};
  if (asked.assets.length === 0) errors.assets = t("ask.assets_missing");
  if (asked.functions.length === 0) errors.functions = t("ask.functions_missing");
  if (!asked.nature) errors.nature = t("ask.nature_missing");
  if (!asked.reason.trim()) errors.reason = t("form.reason_missing");
  const opens = toUtc(asked.opens);
  const closes = toUtc(asked.closes);
  if (!opens) errors.opens = t("ask.opens_missing");
  if (!closes) errors.closes = t("ask.closes_missing");
  if (opens && closes && opens >= closes) errors.closes = t("ask.closes_early");
  if (closes && !errors.closes && Date.parse(closes) <= now()) errors.closes = t("ask.closes_past");
  if (asked.interruption === null) errors.interruption = t("form.wants", { what: t("window.interruption") });
  if (asked.health === null) errors.health = t("form.wants", { what: t("window.health_data") });
  if (asked.nature === "update" && !asked.update_origin.trim()) errors.update_origin = t("ask.update_origin_missing");
  if (asked.nature === "update" && !asked.rollback_plan.trim()) errors.rollback_plan = t("ask.rollback_missing");
  return errors;
}
const listOf = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

/** P5. What CLAUSIER:O-12.2.5.1 asks for, no more. */
export function AskWindow() {
  const assets = useWhole("asset.list", {});
  const [asked, change, forget, dirty] = useDraft<Asked>(`ask:${me().login}`, blank());
  const act = useAct();
  const rows = ((assets.data?.rows ?? []) as Answer[]).filter((a) => a.state === "active");
  const protocols = new Set(rows.filter((a) => asked.assets.includes(a.name)).map((a) => a.protocol as string));
  const functions = [...new Set([...(protocols.has("rdp") ? desktop : []), ...(protocols.has("ssh") ? terminal : [])])];
  const opens = toUtc(asked.opens);
  const closes = toUtc(asked.closes);
  const length = opens && closes ? Date.parse(closes) - Date.parse(opens) : 0;
  const e = act.errors;
  const send = () =>
    act.run(
      () => check(asked),
      async () => {
        const update = asked.nature === "update";
        const answer = await call("window.request", {
          asset: asked.assets,
          account: asked.account.trim() ? listOf(asked.account) : undefined,
          person: asked.people.trim() ? [...new Set([me().login, ...listOf(asked.people)])] : undefined,
          function: asked.functions.filter((one) => functions.includes(one)),
          opens: toUtc(asked.opens) ?? "",
          closes: toUtc(asked.closes) ?? "",
          nature: asked.nature,
          reason: asked.reason.trim(),
          ticket: asked.ticket.trim() || undefined,
          emergency: asked.emergency || undefined,
          escort: asked.escort || undefined,
          interruption: asked.interruption ?? false,
          health_data: asked.health ?? false,
          procedure: asked.procedure.trim() || undefined,
          tools: asked.tools.trim() || undefined,
          functions_kept: asked.functions_kept.trim() || undefined,
          safeguards: asked.safeguards.trim() || undefined,
          update_origin: (update && asked.update_origin.trim()) || undefined,
          update_sha256: (update && asked.update_sha256.trim()) || undefined,
          rollback_plan: asked.rollback_plan.trim() || undefined,
        });
        forget();
        navigate(`/creneaux/${answer.window}`);
      },
    );
  return (
    <Page title={t("ask.title")} lead={<p>{t("ask.lead")}</p>}>
      {!assets.data && !assets.problem && <Loading />}
      {assets.problem && <ProblemBox problem={assets.problem} retry={assets.reload} />}
      {assets.data && rows.length === 0 && <Notice tone="warn" title={t("ask.no_asset")} />}
      {assets.data && rows.length > 0 && (
        <Form
          act={act}
          onSubmit={() => void send()}
          submit={asked.emergency ? t("ask.submit_emergency") : t("ask.submit")}
          icon="send"
          extra={
            dirty && (
              <>
                <span class="muted">{t("form.draft_kept")}</span>
                <button type="button" class="quiet" onClick={() => forget(blank())}>
                  {t("form.draft_drop")}
                </button>
              </>
            )
          }
        >
          <div class="group">
            <h2>{t("ask.what")}</h2>
            <AddressState />
            <Choices
              many
              name="assets"
              label={t("ask.assets")}
              value={asked.assets}
              error={e.assets}
              onValue={(value) => change({ assets: value })}
              options={rows.map((a) => [
                a.name as string,
                <>
                  <strong><Raw text={a.name} /></strong> – <Raw text={a.description} /> <span class="muted">({word("protocol", a.protocol)})</span>
                </>,
              ])}
            />
            <Choices many name="functions" label={t("ask.functions")} help={functions.length ? t("ask.functions_help") : t("ask.functions_first")} value={asked.functions} error={e.functions} onValue={(value) => change({ functions: value })} options={functions.map((one) => [one, word("function", one)])} />
            <div class="row">
              <Input name="account" label={t("ask.account")} help={t("ask.account_help")} optional value={asked.account} onValue={(account) => change({ account })} maxLength={200} />
              <Input name="people" label={t("ask.people")} help={t("ask.people_help", { login: me().login })} optional value={asked.people} onValue={(people) => change({ people })} maxLength={500} />
            </div>
          </div>
          <div class="group">
            <h2>{t("ask.when")}</h2>
            <div class="row">
              <Input name="opens" type="datetime-local" label={t("ask.opens")} help={showZone(opens ?? now())} value={asked.opens} error={e.opens} onValue={(value) => change({ opens: value })} />
              <Input name="closes" type="datetime-local" label={t("ask.closes")} help={length > 0 ? t("ask.length", { length: showDuration(length) }) : showZone(closes ?? now())} value={asked.closes} error={e.closes} onValue={(value) => change({ closes: value })} />
            </div>
            <Tick name="emergency" label={t("ask.emergency")} help={t("ask.emergency_help")} value={asked.emergency} onValue={(emergency) => change({ emergency })} />
            {asked.emergency && (
              <Notice tone="bad" title={t("ask.emergency_call")}>
                <OnCall />
                <p>{t("ask.emergency_rules")}</p>
              </Notice>
            )}
            <Tick name="escort" label={t("ask.escort")} help={t("ask.escort_help")} value={asked.escort} onValue={(escort) => change({ escort })} />
          </div>
          <div class="group">
            <h2>{t("ask.why")}</h2>
            <div class="row">
              <Select name="nature" label={t("window.nature")} value={asked.nature} error={e.nature} onValue={(nature) => change({ nature })} options={[["", t("form.choose")], ...natures.map((one): [string, string] => [one, word("nature", one)])]} />
              <Input name="ticket" label={t("window.ticket")} help={t("ask.ticket_help")} optional value={asked.ticket} onValue={(ticket) => change({ ticket })} maxLength={200} />
            </div>
            <Area name="reason" label={t("window.reason")} help={t("ask.reason_help")} value={asked.reason} error={e.reason} onValue={(reason) => change({ reason })} maxLength={1900} />
            <div class="row">
              <YesNo name="interruption" label={t("window.interruption")} value={asked.interruption} error={e.interruption} onValue={(interruption) => change({ interruption })} />
              <YesNo name="health" label={t("window.health_data")} value={asked.health} error={e.health} onValue={(health) => change({ health })} />
            </div>
          </div>
          {asked.nature === "update" && (
            <div class="group">
              <h2>{t("ask.update")}</h2>
              <div class="row">
                <Input name="update_origin" label={t("ask.update_origin")} value={asked.update_origin} error={e.update_origin} onValue={(value) => change({ update_origin: value })} maxLength={1900} />
                <Input name="update_sha256" label={t("ask.update_sha256")} optional value={asked.update_sha256} onValue={(value) => change({ update_sha256: value })} maxLength={128} />
              </div>
              <Area name="rollback_plan" label={t("ask.rollback_plan")} value={asked.rollback_plan} error={e.rollback_plan} onValue={(value) => change({ rollback_plan: value })} maxLength={1900} />
            </div>
          )}
          <details class="card">
            <summary>{t("ask.more")}</summary>
            <div class="stack">
              <Area name="procedure" label={t("ask.procedure")} optional value={asked.procedure} onValue={(procedure) => change({ procedure })} maxLength={1900} />
              <Area name="tools" label={t("ask.tools")} optional value={asked.tools} onValue={(tools) => change({ tools })} maxLength={1900} />
              <Area name="functions_kept" label={t("ask.functions_kept")} optional value={asked.functions_kept} onValue={(value) => change({ functions_kept: value })} maxLength={1900} />
              <Area name="safeguards" label={t("ask.safeguards")} optional value={asked.safeguards} onValue={(safeguards) => change({ safeguards })} maxLength={1900} />
            </div>
          </details>
          <p class="muted">
            <Icon name="info" /> {t("ask.after")}
          </p>
        </Form>
      )}
    </Page>
  );
}
