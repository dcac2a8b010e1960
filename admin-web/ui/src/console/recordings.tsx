import { useState } from "preact/hooks";
import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t } from "../lib/text";
import { showDuration } from "../lib/time";
import { Empty, Line, Loading, Moment, Notice, ProblemBox, Raw, RecordingState } from "../parts/basics";
import { Page } from "../parts/page";
import { type Column, Filter, Table } from "../parts/table";
import { showBytes } from "./sessions";

/** At most what one pack holds (policyd refuses more). */
const pack_max = 20;

/** What was recorded, newest first; each opens with a reason and a key (R2). Chosen sessions give the exact
 * command of their evidence pack: it is made where the reader's key is, never here (decision 0022). */
export function Recordings() {
  const { data, problem, stale, reload } = useCall("recording.list", {}, ["session"]);
  const [vendor, setVendor] = useQuery("titulaire");
  const [chosen, choose] = useState<readonly string[]>([]);
  const toggle = (session: string) => choose(chosen.includes(session) ? chosen.filter((one) => one !== session) : [...chosen, session]);
  const all = (data?.rows ?? []) as Answer[];
  const vendors = [...new Set(all.map((row) => String(row.vendor)))].sort();
  const columns: Column<Answer>[] = [
    { key: "session", title: t("recordings.session"), head: true, value: (s) => s.session, show: (s) => <a href={`/enregistrements/${s.session}`}>{s.session}</a> },
    { key: "person", title: t("session.person"), value: (s) => s.person, show: (s) => <><Raw text={s.person} /><div class="muted"><Raw text={s.vendor} /></div></> },
    { key: "asset", title: t("window.targets"), value: (s) => s.asset, show: (s) => <><strong><Raw text={s.asset} /></strong> <span class="muted"><Raw text={s.account} /></span></> },
    { key: "started", title: t("session.started"), value: (s) => s.started_at, show: (s) => <><Moment at={s.started_at} seconds /> {s.ended_at && <span class="muted">{showDuration(Date.parse(s.ended_at) - Date.parse(s.started_at))}</span>}</> },
    { key: "size", title: t("session.volume"), class: "end", value: (s) => Number(s.record_bytes ?? 0), show: (s) => (s.record_bytes ? showBytes(Number(s.record_bytes)) : "–") },
    { key: "recording", title: t("session.recording"), value: (s) => s.recording, show: (s) => <RecordingState state={s.recording} /> },
    { key: "pack", title: t("recordings.pack"), show: (s) => s.recording !== "open" && <input type="checkbox" aria-label={t("recordings.choose", { session: s.session })} checked={chosen.includes(s.session)} disabled={chosen.length >= pack_max && !chosen.includes(s.session)} onChange={() => toggle(s.session)} /> },
  ];
  return (
    <Page title={t("recordings.title")} lead={<p>{t("recordings.lead")}</p>}>
      <div class="filters">
        <Filter name="vendor" label={t("cut.whose")} value={vendor} onValue={setVendor} options={[["", t("recordings.every_vendor")], ...vendors.map((one): [string, string] => [one, one])]} />
      </div>
      {chosen.length > 0 && (
        <Notice tone="info" title={t("recordings.pack_title", { n: chosen.length })}>
          <p>{t("recordings.pack_text")}</p>
          <Line text={`eclusectl evidence export ${[...chosen].sort().join(",")} --output preuve.tar --reason "…"`} what={t("recordings.pack_command")} />
        </Notice>
      )}
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="e" caption={t("recordings.title")} columns={columns} rows={all.filter((row) => !vendor || row.vendor === vendor)} rowKey={(row) => row.session} csv="enregistrements" empty={<Empty title={t("recordings.none")}><p>{t("recordings.none_text")}</p></Empty>} />}
    </Page>
  );
}
