import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { contentKey } from "../lib/reading_key";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { Facts, Loading, Moment, Notice, ProblemBox, Raw, RecordingState } from "../parts/basics";
import { AskButton } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole, me } from "../parts/session";
import { Player } from "../replay/player";
import { Unlock } from "./unlock";

/** Everything a view needs: the server's right to it, its key, and what its first piece said. */
interface Opened {
  view: Answer;
  key: string;
  first: Answer;
}

function Altered({ first }: { first: Answer }) {
  return (
    <div role="alert">
      <Notice tone="bad" title={t("replay.altered")}>
        <ul>{(first.faults as string[]).map((fault) => <li key={fault}>{fault}</li>)}</ul>
        <p>{t("replay.altered_remedy")}</p>
      </Notice>
    </div>
  );
}

/** Past its term it is destroyed, unless a hold keeps it: a complaint, a judge. Lifting one is signed. */
function Hold({ recording: r, done }: { recording: Answer; done: () => void }) {
  if (!hasRole("rssi") || r.recording === "purged") return null;
  const session = String(r.session);
  return r.held ? (
    <AskButton
      done={done}
      label={session}
      question={() => ({
        title: t("hold.lift_title"),
        consequence: t("hold.lift_consequence"),
        reason: t("form.reason"),
        submit: t("hold.lift"),
        tone: "danger",
        signs: me().login,
        act: ({ reason, password, code }) => call("hold.lift", { session, reason, password, code }),
      })}
    >
      {t("hold.lift")}
    </AskButton>
  ) : (
    <AskButton
      done={done}
      label={session}
      question={() => ({ title: t("hold.place_title"), consequence: t("hold.place_consequence"), reason: t("form.reason"), submit: t("hold.place"), act: ({ reason }) => call("hold.place", { session, reason }) })}
    >
      {t("hold.place")}
    </AskButton>
  );
}

function SeenBy({ rows }: { rows: Answer[] }) {
  return (
    <section class="card">
      <h2>{t("replay.seen_by")}</h2>
      {rows.length === 0 && <p>{t("replay.seen_by_nobody")}</p>}
      {rows.length > 0 && (
        <ul class="plain">
          {rows.map((row) => (
            <li key={row.at}>
              <Moment at={row.at} /> – <Raw text={row.name} /> : <Raw text={row.reason} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function Replay({ id }: { id: string }) {
  const { data: s, problem, reload } = useCall("recording.show", { session: id }, []);
  const [opened, setOpened] = useState<Opened>();
  // Where a search's hit leads.
  const [second] = useQuery("s", "0");
  const title = t("replay.title", { id });
  const open = async (reason: string) => {
    const view = await call("recording.view", { session: id, reason });
    const key = await contentKey(view.keys as { cms: string }[]);
    setOpened({ view, key, first: await call("recording.watch", { view: String(view.view), key, from: 0 }) });
  };
  if (!s) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  return (
    <Page title={title} lead={<p><Raw text={s.person} /> (<Raw text={s.vendor} />) – <Raw text={s.asset} /></p>}>
      {!opened && (
        <div class="split">
          <section class="card">
            <h2>{t("session.facts")}</h2>
            <Facts
              rows={[
                [t("session.person"), <><Raw text={s.person} /> (<Raw text={s.vendor} />)</>],
                [t("window.targets"), <><Raw text={s.asset} /> – <Raw text={s.account} /></>],
                [t("session.source"), <code>{s.source}</code>],
                [t("session.started"), <Moment at={s.started_at} seconds />],
                s.ended_at && [t("session.ended_at"), <Moment at={s.ended_at} seconds />],
                [t("session.recording"), <RecordingState state={s.recording} />],
                s.seal_sha256 && [t("session.seal"), <code>{s.seal_sha256}</code>],
                (s.kept_until || s.held) && [t("hold.until"), s.held ? <strong>{t("hold.held")}</strong> : <Moment at={s.kept_until} />],
              ]}
            />
            <Hold recording={s} done={reload} />
          </section>
          {s.recording === "open" || s.recording === "purged" ? <Notice tone="warn" title={word("replay.not_yet", s.recording)} /> : <Unlock title={t("replay.open_title")} submit={t("replay.open")} reasonHelp={t("replay.reason_help")} open={open} />}
        </div>
      )}
      {opened && !opened.first.intact && <Altered first={opened.first} />}
      {opened?.first.intact && <Player view={opened.view} contentKey={opened.key} first={opened.first} start={Math.max(0, Number(second) || 0) * 1000} />}
      {opened && <SeenBy rows={opened.view.seen_by as Answer[]} />}
    </Page>
  );
}
