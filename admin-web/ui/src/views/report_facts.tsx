import type { ComponentChildren } from "preact";
import type { Answer } from "../lib/call";
import { t, word } from "../lib/text";
import { showMoment, showSpan } from "../lib/time";
import { Facts, Moment, Raw, Zone } from "../parts/basics";

/** The half of a report that nobody writes: it is what the gateway saw. */
export function ReportFacts({ facts }: { facts: Answer }) {
  const w = facts.window as Answer;
  const sessions = (facts.sessions ?? []) as Answer[];
  const recordings = (facts.recordings ?? []) as Answer[];
  return (
    <div class="stack">
      <Facts
        rows={[
          [t("report.number"), <code>{facts.report}</code>],
          [t("report.site"), <Raw text={facts.site} />],
          [t("window.vendor"), <Raw text={facts.vendor?.name} />],
          [
            t("window.when"),
            <>
              {showSpan(w.start, w.end)} <Zone at={w.start} />
            </>,
          ],
          [t("report.requested_by"), <Raw text={w.requested_by} />],
          [t("report.approved_by"), <><Raw text={w.approved_by} /> <Moment at={w.approved_at} /></>],
          [t("window.nature"), word("nature", w.nature)],
          [t("window.reason"), <Raw text={w.reason} />],
          w.ticket && [t("window.ticket"), <Raw text={w.ticket} />],
          [t("window.people"), <Raw text={((facts.people ?? []) as Answer[]).map((p) => p.name).join(", ")} />],
          [t("window.targets"), <Raw text={((facts.assets ?? []) as Answer[]).map((a) => a.name).join(", ")} />],
          facts.escort?.name && [t("window.escort_name"), <Raw text={facts.escort.name} />],
          facts.escort?.presences?.length > 0 && [
            t("window.presence"),
            <ul class="plain">
              {(facts.escort.presences as Answer[]).map((one) => (
                <li key={one.name + one.from}>
                  <Raw text={one.name} />, {showMoment(one.from)} {one.until && <>→ {showMoment(one.until)}</>}
                </li>
              ))}
            </ul>,
          ],
        ]}
      />
      <h3>{t("report.sessions", { n: sessions.length })}</h3>
      {sessions.length === 0 && <p class="muted">{t("report.no_session")}</p>}
      {sessions.map((s) => (
        <details key={s.id} class="card" open={sessions.length === 1}>
          <summary>
            <strong>{s.asset}</strong> – {showMoment(s.started)} – {word("end", s.end_reason)}
          </summary>
          <Facts
            rows={[
              [t("session.id"), <code>{s.id}</code>],
              [t("session.person"), <Raw text={s.person} />],
              [t("session.account"), <Raw text={s.account} />],
              [t("session.source"), <code>{s.source}</code>],
              [t("session.span"), showSpan(s.started, s.ended)],
            ]}
          />
          {(s.commands as Answer[] | undefined)?.length ? (
            <>
              <h4>{t("report.commands", { n: (s.commands as Answer[]).length + Number(s.commands_omitted ?? 0) })}</h4>
              <ul class="plain">
                {(s.commands as Answer[]).slice(0, 20).map((c, i) => (
                  <li key={i}>
                    <Moment at={c.at} seconds /> <code><Raw text={c.text} /></code>
                  </li>
                ))}
              </ul>
            </>
          ) : null}
          {(s.transfers as Answer[] | undefined)?.length ? (
            <>
              <h4>{t("report.transfers", { n: (s.transfers as Answer[]).length + Number(s.transfers_omitted ?? 0) })}</h4>
              <ul class="plain">
                {(s.transfers as Answer[]).slice(0, 20).map((f, i) => (
                  <li key={i}>
                    <Raw text={f.name} /> <span class="muted">{t("report.transfer", { direction: word("direction", f.direction), bytes: Number(f.bytes) })}</span>
                  </li>
                ))}
              </ul>
            </>
          ) : null}
        </details>
      ))}
      {recordings.length > 0 && (
        <details class="card">
          <summary>{t("report.evidence")}</summary>
          <ul class="plain">
            {recordings.map((r) => (
              <li key={r.session}>
                <code>{r.session}</code> – {word("state.recording", r.state)}
                <div class="muted">
                  <code><Raw text={r.seal_sha256} /></code>
                </div>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** What was decided on earlier versions, with the comment that sent one back. */
export function Decisions({ facts }: { facts: Answer }) {
  const rows = ((facts.decisions ?? []) as Answer[]).filter((d) => d.what !== "submitted");
  if (rows.length === 0) return null;
  return (
    <ul class="plain">
      {rows.map((d, i) => (
        <li key={i}>
          <strong>{word("decision", d.what)}</strong> <Moment at={d.at} /> <span class="muted">{t("story.by", { who: String(d.person) })}</span>
          {d.comment && (
            <div>
              <Raw text={d.comment} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The declared half of a signed report, read only. */
export function DeclaredForm({ form }: { form: Answer }) {
  const yes = (on: unknown) => (on === undefined ? undefined : on ? t("form.yes") : t("form.no"));
  const { presence = {}, request = {}, result = {}, data = {}, follow_up = {}, signature = {}, operations = [] } = form;
  const row = (label: string, value: unknown): [string, ComponentChildren] | false => value !== undefined && value !== null && value !== "" && [label, <Raw text={value} />];
  return (
    <div class="stack">
      <Facts
        rows={[
          row(t("rf.actual_nature"), word("nature", request.actual_nature)),
          row(t("rf.symptom"), request.symptom),
          row(t("rf.outcome"), word("outcome", result.outcome)),
          row(t("rf.tests"), result.tests),
          row(t("rf.difficulties"), result.difficulties),
          row(t("rf.service_impact"), result.service_impact),
          row(t("rf.rollback_done"), yes(result.rollback_done)),
          row(t("rf.rollback_detail"), result.rollback_detail),
          row(t("rf.subcontractor_present"), yes(presence.subcontractor_present)),
          row(t("rf.subcontractor_name"), presence.subcontractor_name),
          row(t("rf.escort_present"), yes(presence.escort_present)),
          row(t("rf.health_data_seen"), yes(data.health_data_seen)),
          row(t("rf.copies_taken"), yes(data.copies_taken)),
          row(t("rf.copies_detail"), data.copies_detail),
          row(t("rf.residual_data"), word("residual", data.residual_data)),
          row(t("rf.residual_what"), data.residual_what),
          row(t("rf.residual_why"), data.residual_why),
          row(t("rf.residual_until"), data.residual_until),
          row(t("rf.incident"), yes(data.incident)),
          row(t("rf.incident_detail"), data.incident_detail),
          row(t("rf.next_steps"), follow_up.next_steps),
          row(t("rf.next_date"), follow_up.next_date),
          row(t("rf.advice"), follow_up.advice),
          row(t("rf.comment"), signature.comment),
        ]}
      />
      <h3>{t("rf.operations")}</h3>
      <ol>
        {(operations as Answer[]).map((one, i) => (
          <li key={i}>
            <span class="muted">{String(one.at).replace("T", " ")}</span> <Raw text={one.operation} /> – <Raw text={one.item} />
            {(one.old_version || one.new_version) && (
              <>
                {" "}
                (<Raw text={one.old_version} /> → <Raw text={one.new_version} />)
              </>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
