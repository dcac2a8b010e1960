import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, addressOf, call } from "../lib/call";
import { useCall } from "../lib/live";
import { useQuery } from "../lib/route";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Chip, Icon, Loading, Notice, ProblemBox, Raw, TimeLeft } from "../parts/basics";
import { AskButton, Dialog, Form, SignFields, checkFactors, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { me } from "../parts/session";
import { type Said, TerminalLink } from "./terminal_link";
import { TerminalScreen } from "./terminal_screen";
import { AskMinutes } from "./window";

/** Working in a terminal is working in the portal: its login is told so at most this often. */
const active_every_ms = 60_000;

/** P6: a shell of an open window, here. */
export function TerminalPage({ id }: { id: string }) {
  const { data: w, problem, reload } = useCall("window.show", { window: id }, ["window", "session", "report"]);
  const [asset] = useQuery("cible");
  const [account] = useQuery("compte");
  const [ticket, setTicket] = useState("");
  const [round, setRound] = useState(0);
  const title = t("terminal.title", { target: asset });
  if (!w) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  return (
    <Page
      title={title}
      lead={
        <>
          <a href={`/creneaux/${id}`}>{t("window.title", { id })}</a> {w.state === "open" && <TimeLeft to={w.closes} announce />}
        </>
      }
    >
      {ticket ? (
        <Work
          key={round}
          window={w}
          ticket={ticket}
          again={() => {
            setTicket("");
            setRound(round + 1);
          }}
        />
      ) : (
        <Begin window={w} asset={asset} account={account} done={setTicket} />
      )}
    </Page>
  );
}

/** Both factors, as every door asks for them. */
function Begin({ window: w, asset, account, done }: { window: Answer; asset: string; account: string; done: (ticket: string) => void }) {
  const act = useAct();
  const [factors, setFactors] = useState({ password: "", code: "" });
  return (
    <section class="card">
      <h2>{t("terminal.begin")}</h2>
      <p>{t("terminal.begin_text", { account, target: asset })}</p>
      <Form
        act={act}
        submit={t("terminal.open")}
        icon="terminal"
        onSubmit={() =>
          void act.run(
            () => checkFactors(factors),
            async () => {
              try {
                const made = await call("terminal.ticket", { window: String(w.window), asset, account, ...factors });
                done(String(made.ticket));
              } finally {
                setFactors({ password: "", code: "" });
              }
            },
          )
        }
      >
        <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
      </Form>
    </section>
  );
}

/** A browser does not tell a page what its WebSocket was answered: away, closed and a login that is over
 * can be asked about; what is left is the ticket. */
async function whyRefused(): Promise<string> {
  try {
    const doors = await call("gateway.show", {});
    return doors.ssh ? "ticket" : "closed";
  } catch {
    return "lost";
  }
}

/** Ends that nobody has to be told about. */
const ordinary = ["client_left", "target_left", "target_failed"];
type State = "opening" | "waiting" | "live" | "over";
type Refused = Extract<Said, { say: "refused" }>;

function Work({ window: w, ticket, again }: { window: Answer; ticket: string; again: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<TerminalScreen | undefined>(undefined);
  const link = useRef<TerminalLink | undefined>(undefined);
  const after = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState<State>("opening");
  const [reason, setReason] = useState("");
  const [session, setSession] = useState<Extract<Said, { say: "session" }>>();
  const [refused, setRefused] = useState<Refused>();
  const [ended, setEnded] = useState("");
  const [watched, setWatched] = useState(false);
  const [paused, setPaused] = useState(false);
  const [reader, setReader] = useState(false);
  const [paste, setPaste] = useState("");
  const [copied, setCopied] = useState("");

  useEffect(() => {
    let active_at = Date.now();
    let gone = false;
    const opened = new TerminalScreen(place.current as HTMLDivElement, t("terminal.screen"), {
      typed: (text) => {
        talk.type(text);
        if (Date.now() - active_at < active_every_ms) return;
        active_at = Date.now();
        void call("whoami", {}).catch(() => {});
      },
      sized: (columns, rows) => talk.resize(columns, rows),
      leave: () => after.current?.focus(),
      pasted: setPaste,
    });
    screen.current = opened;
    const talk = new TerminalLink(`wss://${location.host}${addressOf("terminal.open", { ticket }).url}`, {
      opened: () => {
        talk.resize(opened.terminal.cols, opened.terminal.rows);
        opened.terminal.focus();
      },
      output: (bytes, shown) => opened.terminal.write(bytes, shown),
      said: (notice) => {
        if (notice.say === "session") {
          setSession(notice);
          setRefused(undefined);
          setState("live");
        } else if (notice.say === "refused") {
          setRefused(notice);
          if (notice.wait) setState("waiting");
        } else if (notice.say === "end") setEnded((mine) => mine || notice.text || (ordinary.includes(notice.reason) ? "" : word("end", notice.reason)));
        else if (notice.say === "paused") setPaused(notice.paused);
        else setWatched(notice.watched);
      },
      over: (why) => {
        if (gone) return;
        opened.terminal.options.disableStdin = true;
        const told = (known: string) => {
          setReason(known);
          setState("over");
        };
        if (why === "refused") void whyRefused().then(told);
        else told(why);
      },
    });
    link.current = talk;
    return () => {
      gone = true;
      talk.close();
      opened.dispose();
    };
  }, []);

  // Whoever closes the tab ends the session, and should know it.
  useEffect(() => {
    if (state !== "live") return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [state]);

  const copy = async () => {
    const text = screen.current?.terminal.getSelection() ?? "";
    if (text) await navigator.clipboard.writeText(text);
    setCopied(t(text ? "act.copied" : "terminal.nothing_selected"));
  };
  return (
    <section class="player" aria-label={t("terminal.section")} data-terminal={state}>
      <div class="actions terminal-bar">
        {state === "live" && <Chip tone="bad" icon="eye">{t("terminal.recorded")}</Chip>}
        {state === "live" && <Chip tone={watched ? "warn" : "quiet"}>{t(watched ? "terminal.watched" : "terminal.unwatched")}</Chip>}
        {state === "live" && paused && <Chip tone="bad">{t("terminal.paused")}</Chip>}
        {session && (
          <span>
            <Raw text={session.account} /> – <Raw text={session.asset} />
          </span>
        )}
        {state === "live" && <AskMinutes window={w} minutes={15} done={() => screen.current?.terminal.focus()} />}
        {state !== "over" && (
          <AskButton
            tone="danger"
            icon="x"
            done={() => {}}
            question={() => ({
              title: t("terminal.finish_title"),
              consequence: t("terminal.finish_consequence"),
              submit: t("terminal.finish"),
              tone: "danger",
              act: async () => {
                setEnded(t("terminal.finished"));
                link.current?.close();
              },
            })}
          >
            {t("terminal.finish")}
          </AskButton>
        )}
      </div>
      <p role="status" class="muted">
        {state === "opening" ? t("terminal.opening") : state === "waiting" ? t("terminal.waiting") : state === "live" && paused ? t("terminal.paused_text") : ""}
      </p>
      {state === "waiting" && refused && (
        <Notice tone="warn" title={refused.reason}>
          <p>{refused.action}</p>
        </Notice>
      )}
      {state === "over" && <Over window={w} reason={reason} ended={ended} refused={refused} again={again} />}
      {/* Its height is the page's: what is shown in it never moves the rest. */}
      <div class="stage terminal-stage" ref={place} role="group" aria-label={t("terminal.screen")} />
      <div class="actions">
        <button type="button" ref={after} onClick={() => void copy()}>
          <Icon name="copy" />
          {t("terminal.copy")}
        </button>
        <button
          type="button"
          aria-pressed={reader}
          onClick={() => {
            if (screen.current) screen.current.terminal.options.screenReaderMode = !reader;
            setReader(!reader);
          }}
        >
          {t("terminal.reader")}
        </button>
        <span role="status">{copied}</span>
      </div>
      <p class="muted">{t("terminal.keys")}</p>
      {paste && (
        <PasteQuestion
          text={paste}
          done={(go) => {
            if (go) screen.current?.terminal.paste(paste);
            setPaste("");
          }}
        />
      )}
    </section>
  );
}

function PasteQuestion({ text, done }: { text: string; done: (go: boolean) => void }) {
  const lines = text.trimEnd().split(/\r\n|\r|\n/);
  return (
    <Dialog title={t("terminal.paste_title", { n: lines.length })} onClose={() => done(false)}>
      <p class="consequence">{t("terminal.paste_consequence")}</p>
      <pre class="terminal-paste" tabIndex={0}>{lines.slice(0, 12).map((line) => `${line.slice(0, 120)}\n`)}</pre>
      <div class="actions">
        <button type="button" class="danger" onClick={() => done(true)}>
          {t("terminal.paste")}
        </button>
        <button type="button" onClick={() => done(false)}>
          {t("act.cancel")}
        </button>
      </div>
    </Dialog>
  );
}

/** Why it is over, what to do, and what is due. */
function Over({ window: w, reason, ended, refused, again }: { window: Answer; reason: string; ended: string; refused: Refused | undefined; again: () => void }) {
  const actions = (
    <>
      {w.report && (
        <a class="button primary" href={`/comptes-rendus/${w.report}`}>
          {t("state_notice.report")}
        </a>
      )}
      {w.state === "open" && (
        <button type="button" onClick={again}>
          <Icon name="refresh-cw" />
          {t("terminal.again")}
        </button>
      )}
      <a class="button" href={`/creneaux/${w.window}`}>
        {t("terminal.back")}
      </a>
    </>
  );
  if (refused && !ended)
    return (
      <div role="alert">
        <Notice tone="bad" title={refused.reason} actions={actions}>
          <p>{refused.action}</p>
          {refused.next && <p>{t("terminal.next", { at: refused.next })}</p>}
          <p class="muted">
            {t("problem.code", { code: refused.code })}
            {" · "}
            {t("problem.reference")} <strong class="code">{refused.reference}</strong>
          </p>
        </Notice>
      </div>
    );
  const known = ["ended", "not_started", "protocol", "ticket", "closed"].includes(reason) ? reason : "lost";
  return (
    <div role="alert">
      <Notice tone={ended || known === "ended" ? "info" : "warn"} title={ended || word("terminal.over", known)} actions={actions}>
        {w.state !== "open" && w.closed_at && <p>{t("state_notice.closed", { at: showMoment(w.closed_at) })}</p>}
      </Notice>
    </div>
  );
}
