import { useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { useCall } from "../lib/live";
import { KeyError, contentKey, hasReadingKey, openReadingKey } from "../lib/reading_key";
import { t, word } from "../lib/text";
import { Facts, Loading, Moment, Notice, ProblemBox, Raw, RecordingState } from "../parts/basics";
import { Area, AskButton, type Errors, Form, Input, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole, me } from "../parts/session";
import { Player } from "../replay/player";

/** Everything a view needs: the server's right to it, its key, and what its first piece said. */
interface Opened {
  view: Answer;
  key: string;
  first: Answer;
}

const keyProblem = (error: KeyError) => new Problem(0, "E-CLE-01", t("replay.key_title"), word("replay.key_fault", error.why), t("replay.key_remedy"));

/** R2: the reason once per recording, the key once per session of the console. */
function Unlock({ session, done }: { session: string; done: (opened: Opened) => void }) {
  const act = useAct();
  const [reason, setReason] = useState("");
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState("");
  const known = hasReadingKey();
  const check = () => {
    const errors: Errors = {};
    if (!reason.trim()) errors.reason = t("form.reason_missing");
    if (!known && !file) errors.key = t("replay.key_missing");
    if (!known && !passphrase) errors.passphrase = t("replay.passphrase_missing");
    return errors;
  };
  const open = async () => {
    try {
      // The key first: a wrong one must not look like a consultation.
      if (!known && file) await openReadingKey(await file.arrayBuffer(), passphrase);
      setPassphrase("");
      const view = await call("recording.view", { session, reason: reason.trim() });
      const key = await contentKey(view.keys as { cms: string }[]);
      done({ view, key, first: await call("recording.watch", { view: String(view.view), key, from: 0 }) });
    } catch (error) {
      throw error instanceof KeyError ? keyProblem(error) : error;
    }
  };
  return (
    <section class="card">
      <h2>{t("replay.open_title")}</h2>
      <Form act={act} submit={t("replay.open")} icon="eye" onSubmit={() => void act.run(check, open)}>
        <Area name="reason" label={t("replay.reason")} help={t("replay.reason_help")} rows={2} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1900} />
        {known ? (
          <Notice tone="good" title={t("replay.key_known")} />
        ) : (
          <>
            <div class={act.errors.key ? "field wrong" : "field"}>
              <label for="f-key">{t("replay.key_file")}</label>
              <div class="help" id="f-key-help">{t("replay.key_help")}</div>
              <input id="f-key" name="key" type="file" accept=".p12,.pfx,.pem,.key" aria-invalid={act.errors.key ? "true" : undefined} aria-describedby={act.errors.key ? "f-key-help f-key-error" : "f-key-help"} onChange={(event) => setFile(event.currentTarget.files?.[0])} />
              {act.errors.key && <p class="error" id="f-key-error">{act.errors.key}</p>}
            </div>
            <Input name="passphrase" label={t("replay.passphrase")} type="password" autocomplete="off" value={passphrase} onValue={setPassphrase} error={act.errors.passphrase} />
          </>
        )}
      </Form>
    </section>
  );
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
  const title = t("replay.title", { id });
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
          {s.recording === "open" || s.recording === "purged" ? <Notice tone="warn" title={word("replay.not_yet", s.recording)} /> : <Unlock session={id} done={setOpened} />}
        </div>
      )}
      {opened && !opened.first.intact && <Altered first={opened.first} />}
      {opened?.first.intact && <Player view={opened.view} contentKey={opened.key} first={opened.first} />}
      {opened && <SeenBy rows={opened.view.seen_by as Answer[]} />}
    </Page>
  );
}
