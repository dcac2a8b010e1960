import { useState } from "preact/hooks";
import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showSpan } from "../lib/time";
import { Chip, Empty, Facts, Icon, Loading, Moment, Notice, ProblemBox, Raw, TimeLeft, WindowState } from "../parts/basics";
import { Later } from "../parts/app";
import { Page } from "../parts/page";
import { me } from "../parts/session";
import { More } from "../parts/table";
import { Presences } from "../views/window_parts";
import { Cut } from "./sessions";
import { Presence } from "./window_acts";

/** What an escort has before them: the own windows, who works in them, and the eye on it. */
export function Escorts() {
  const windows = useCall("escort.list", {}, ["window", "session"]);
  const { data, problem, stale, reload } = windows;
  const [watched, setWatched] = useState("");
  const rows = [...((data?.rows ?? []) as Answer[])].sort((a, b) => Date.parse(a.opens) - Date.parse(b.opens));
  return (
    <Page title={t("escorts.title")} lead={<p>{t("escorts.lead")}</p>}>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && rows.length === 0 && <Empty title={t("escorts.none")}><p>{t("escorts.none_text")}</p></Empty>}
      {rows.map((w) => (
        <EscortedWindow key={w.window} window={w} watched={watched} setWatched={setWatched} reload={reload} />
      ))}
      <More list={windows} />
    </Page>
  );
}

type Eye = { watched: string; setWatched: (session: string) => void; reload: () => void };

function EscortedWindow({ window: w, ...eye }: Eye & { window: Answer }) {
  const sessions = w.sessions as Answer[];
  const here = (w.presences as Answer[]).some((one) => one.login === me().login && !one.left);
  return (
    <section class="card" aria-labelledby={`w-${w.window}`}>
      <h2 id={`w-${w.window}`}>
        <Raw text={(w.assets as string[]).join(", ")} /> – <Raw text={w.vendor} />
      </h2>
      <Facts
        rows={[
          [t("window.state"), <WindowState state={w.state} />],
          [t("window.when"), <>{showSpan(w.opens, w.closes)} {w.state === "open" && <TimeLeft to={w.closes} announce />}</>],
          [t("window.reason"), <Raw text={w.reason} />],
          w.escort_required && [t("window.presence"), <Presences window={w} />],
        ]}
      />
      {w.escort_watch && <p class="help">{t("escorts.must_watch")}</p>}
      {["approved", "open"].includes(w.state) && (
        <div class="actions">
          <Presence window={w} done={eye.reload} />
        </div>
      )}
      {sessions.map((s) => (
        <EscortedSession key={s.session} session={s} here={here} {...eye} />
      ))}
    </section>
  );
}

function EscortedSession({ session: s, here, watched, setWatched, reload }: Eye & { session: Answer; here: boolean }) {
  const open = watched === s.session;
  return (
    <article class="section">
      <h3>
        <Raw text={s.name} /> – <Raw text={s.asset} />
      </h3>
      <p>
        {word("protocol", s.protocol)} · <Raw text={s.account} /> · {t("session.started")} <Moment at={s.started_at} seconds />{" "}
        {s.paused && <Chip tone="warn">{t("terminal.paused")}</Chip>}
      </p>
      {!here && <p class="help">{t("escorts.first_here")}</p>}
      {here && (
        <div class="actions">
          {!open && (
            <button type="button" class="primary" onClick={() => setWatched(String(s.session))}>
              <Icon name="eye" />
              {t("live.open")}
            </button>
          )}
          <Cut session={s} done={reload} />
        </div>
      )}
      {here && open && <Later load={() => import("../replay/live_view")} show={({ LiveView }) => <LiveView session={String(s.session)} desktop={s.protocol === "rdp"} close={() => setWatched("")} />} />}
    </article>
  );
}
