import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { saveFile } from "../lib/csv";
import { useCall } from "../lib/live";
import { t, word } from "../lib/text";
import { showMoment } from "../lib/time";
import { Icon, Line, Loading, Notice, ProblemBox, Raw, TimeLeft } from "../parts/basics";
import { AskButton, Form, SignFields, checkFactors, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole, me, sitePhone } from "../parts/session";
import { OnCall } from "../views/on_call";
import { WindowFacts, WindowStory } from "../views/window_parts";
import { AddressState } from "./home";

/** P2 to P4 for one window: where it stands, and when it is open, how to get in. */
export function PortalWindow({ id }: { id: string }) {
  const { data: w, problem, stale, reload } = useCall("window.show", { window: id }, ["window", "session", "report"]);
  const title = t("window.title", { id });
  if (!w) return <Page title={title}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const open = w.state === "open";
  return (
    <Page
      title={title}
      lead={open ? <TimeLeft to={w.closes} announce /> : undefined}
      actions={
        ["requested", "approved"].includes(w.state) && (
          <AskButton
            tone="danger"
            icon="x"
            done={reload}
            question={() => ({
              title: t("cancel.title"),
              consequence: t("cancel.consequence"),
              reason: t("cancel.reason"),
              submit: t("cancel.submit"),
              tone: "danger",
              act: ({ reason }) => call("window.cancel", { window: id, reason }),
            })}
          >
            {t("cancel.open")}
          </AskButton>
        )
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      <StateNotice window={w} />
      <div class="split">
        <div>
          {open && hasRole("technician") && <OwnSessions window={w} />}
          {open && hasRole("technician") && <Connect window={w} />}
          {w.state === "requested" && <Questions window={w} done={reload} />}
          {open && <MoreTime window={w} />}
          <WindowStory window={w} />
        </div>
        <section class="card">
          <h2>{t("window.request")}</h2>
          <WindowFacts window={w} />
        </section>
      </div>
    </Page>
  );
}

export function AskMinutes({ window: w, minutes, done }: { window: Answer; minutes: number; done: () => void }) {
  return (
    <AskButton
      icon="clock"
      done={done}
      question={() => {
        const until = new Date(Date.parse(w.closes) + minutes * 60_000).toISOString().replace(/\.\d+Z$/, "Z");
        return {
          title: t("extend.ask_title", { n: minutes }),
          consequence: t("extend.ask_consequence", { at: showMoment(until) }),
          reason: t("form.reason"),
          submit: t("extend.ask"),
          act: ({ reason }) => call("extension.ask", { window: String(w.window), closes: until, reason }),
        };
      }}
    >
      {t("extend.ask_by", { n: minutes })}
    </AskButton>
  );
}

/** SEGUR:IE.38. What this person has open in this window, by whatever program, and the way to end it from here. */
function OwnSessions({ window: w }: { window: Answer }) {
  const { data, problem, reload } = useCall("session.list", { window: String(w.window), person: me().login, live: true }, ["session"]);
  const rows = (data?.rows ?? []) as Answer[];
  if (problem) return <ProblemBox problem={problem} retry={reload} />;
  if (rows.length === 0) return null;
  return (
    <section class="card">
      <h2>{t("leave.sessions")}</h2>
      <ul class="plain">
        {rows.map((s) => (
          <li key={s.session} class="card-head">
            <span>
              <strong><Raw text={s.asset} /></strong> – <Raw text={s.account} />{" "}
              <span class="muted">
                {s.client === "browser" ? t("session.browser") : word("protocol", s.protocol)} · {t("leave.started", { at: showMoment(s.started_at), source: String(s.source) })}
              </span>
            </span>
            <AskButton
              tone="danger small"
              icon="x"
              label={t("leave.label", { id: String(s.session), asset: String(s.asset) })}
              done={reload}
              question={() => ({
                title: t("leave.title", { asset: String(s.asset) }),
                consequence: t("leave.consequence", { asset: String(s.asset) }),
                submit: t("leave.open"),
                tone: "danger",
                act: () => call("session.leave", { session: String(s.session) }),
              })}
            >
              {t("leave.open")}
            </AskButton>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** More time is asked for here, and answered by the IT department in one press. */
function MoreTime({ window: w }: { window: Answer }) {
  const asked = useCall("extension.list", { window: String(w.window) }, ["window"]);
  const rows = (asked.data?.rows ?? []) as Answer[];
  const waiting = rows.find((one) => one.state === "asked");
  const refused = rows.find((one) => one.state === "refused");
  const mine = hasRole("technician") && (w.people as string[]).includes(me().login);
  return (
    <section class="card">
      <h2>{t("extend.need")}</h2>
      {waiting && <Notice title={t("extend.waiting", { at: showMoment(waiting.closes) })} />}
      {!waiting && refused && (
        <Notice tone="bad" title={t("extend.refused")}>
          <p>
            <Raw text={refused.decision_reason} />
          </p>
        </Notice>
      )}
      {!waiting && mine && (
        <div class="actions">
          {[15, 30, 60].map((minutes) => (
            <AskMinutes key={minutes} window={w} minutes={minutes} done={asked.reload} />
          ))}
        </div>
      )}
      <p class="muted">{t("extend.call", { phone: sitePhone() || "–", id: String(w.window) })}</p>
    </section>
  );
}

/** What the IT department wants to know before it decides. */
function Questions({ window: w, done }: { window: Answer; done: () => void }) {
  const open = ((w.questions ?? []) as Answer[]).filter((one) => !one.answer);
  return (
    <>
      {open.map((one) => (
        <Notice
          key={one.question_id}
          tone="warn"
          title={t("question.asked")}
          actions={
            <AskButton tone="primary" icon="send" done={done} question={() => ({ title: t("question.answer"), consequence: <Raw text={one.question} />, reason: t("question.your_answer"), submit: t("question.answer"), act: ({ reason }) => call("question.answer", { question: one.question_id, answer: reason }) })}>
              {t("question.answer")}
            </AskButton>
          }
        >
          <p>
            <Raw text={one.question} />
          </p>
        </Notice>
      ))}
    </>
  );
}

function StateNotice({ window: w }: { window: Answer }) {
  switch (w.state) {
    case "requested":
      return (
        <Notice title={t("state_notice.requested")}>
          {w.emergency && (
            <>
              <p>{t("state_notice.emergency")}</p>
              <OnCall />
            </>
          )}
        </Notice>
      );
    case "approved":
      return <Notice title={t(w.open_mode === "manual" ? "state_notice.approved_manual" : "state_notice.approved", { at: showMoment(w.opens) })} />;
    case "refused":
      return (
        <Notice tone="bad" title={t("state_notice.refused")}>
          <p>
            <Raw text={w.decision_reason} />
          </p>
        </Notice>
      );
    case "closed":
      return (
        <Notice tone="warn" title={t("state_notice.closed", { at: showMoment(w.closed_at) })} actions={w.report && <a class="button primary" href={`/comptes-rendus/${w.report}`}>{t("state_notice.report")}</a>}>
          {w.close_reason && (
            <p>
              <Raw text={w.close_reason} />
            </p>
          )}
        </Notice>
      );
    case "expired":
      return <Notice tone="quiet" title={t("state_notice.expired")} />;
    default:
      return null;
  }
}

/** P4. The exact lines, for this person, this target and this gateway. */
function Connect({ window: w }: { window: Answer }) {
  const { data, problem, reload } = useCall("gateway.show", {});
  const doors = data as Doors | undefined;
  const desktop = (w.functions as string[]).includes("desktop");
  const shell = (w.functions as string[]).includes("shell");
  const ssh = (w.functions as string[]).some((one) => one === "shell" || one === "exec" || one.startsWith("file_"));
  const [tab, setTab] = useState(desktop && !shell ? "rdp" : "ssh");
  const [target, setTarget] = useState(0);
  const targets = w.targets as Answer[];
  const chosen = targets[target] ?? (targets[0] as Answer);
  const tabs: [string, string, boolean][] = [
    ["ssh", "SSH", ssh],
    ["putty", "PuTTY, WinSCP", ssh],
    ["rdp", t("connect.rdp"), desktop],
    ["browser", t("connect.browser"), shell],
  ];
  return (
    <section class="card" id="connect">
      <h2>{t("connect.title")}</h2>
      <AddressState />
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {targets.length > 1 && (
        <div class="filter">
          <label for="q-target">{t("connect.target")}</label>
          <select id="q-target" onChange={(event) => setTarget(Number(event.currentTarget.value))}>
            {targets.map((one, i) => (
              <option key={i} value={i} selected={i === target}>{`${one.asset} – ${one.account}`}</option>
            ))}
          </select>
        </div>
      )}
      <Tabs tabs={tabs.filter(([, , on]) => on).map(([key, name]) => [key, name])} current={tab} onTab={setTab} />
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} class="stack">
        {doors && tab !== "rdp" && !doors.ssh && <Notice tone="warn" title={t("connect.closed")} />}
        {doors?.ssh && tab === "browser" && <InBrowser window={String(w.window)} target={chosen} />}
        {doors?.ssh && tab === "ssh" && <SshLines ssh={doors.ssh} target={chosen} functions={w.functions as string[]} />}
        {doors?.ssh && tab === "putty" && <PuttyLines ssh={doors.ssh} target={chosen} />}
        {tab === "rdp" && <Rdp window={w} target={chosen} rdp={doors?.rdp} />}
      </div>
      <p class="muted">{t("connect.recorded")}</p>
    </section>
  );
}

function Tabs({ tabs, current, onTab }: { tabs: readonly (readonly [string, string])[]; current: string; onTab: (key: string) => void }) {
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([key]) => key === current);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const next = tabs[(at + step + tabs.length) % tabs.length] as readonly [string, string];
    onTab(next[0]);
    requestAnimationFrame(() => document.getElementById(`tab-${next[0]}`)?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label={t("connect.title")}>
      {tabs.map(([key, name]) => (
        <button key={key} type="button" role="tab" id={`tab-${key}`} aria-selected={key === current} aria-controls="tab-panel" tabIndex={key === current ? 0 : -1} onClick={() => onTab(key)} onKeyDown={move}>
          {name}
        </button>
      ))}
    </div>
  );
}

function InBrowser({ window: id, target }: { window: string; target: Answer }) {
  const query = new URLSearchParams({ cible: String(target.asset), compte: String(target.account) });
  return (
    <>
      <p>{t("connect.browser_text")}</p>
      <p>
        <a class="button primary" href={`/creneaux/${id}/terminal?${query}`}>
          <Icon name="terminal" />
          {t("connect.browser_open")}
        </a>
      </p>
      <p class="muted">{t("connect.browser_limits")}</p>
    </>
  );
}

const userOf = (target: Answer) => `${me().login}+${target.asset}+${target.account}`;
/** A door that does not listen is not there. */
interface Doors {
  ssh?: { host: string; port: number; host_keys: { type: string; fingerprint: string }[] };
  rdp?: { host: string; port: number; fingerprint: string };
}
type Ssh = NonNullable<Doors["ssh"]>;

function Fingerprints({ ssh }: { ssh: Ssh }) {
  return (
    <>
      <p>{t("connect.fingerprint")}</p>
      {ssh.host_keys.map((key) => (
        <div key={key.fingerprint}>
          <span class="muted">{key.type}</span>
          <Line text={key.fingerprint} what={t("connect.fingerprint_what", { type: key.type })} />
        </div>
      ))}
    </>
  );
}

function SshLines({ ssh, target, functions }: { ssh: Ssh; target: Answer; functions: string[] }) {
  const { host, port } = ssh;
  const user = userOf(target);
  return (
    <>
      {functions.includes("shell") && (
        <>
          <p>{t("connect.terminal")}</p>
          <Line text={`ssh -p ${port} ${user}@${host}`} what={t("connect.line")} />
        </>
      )}
      {functions.includes("file_up") && (
        <>
          <p>{t("connect.up")}</p>
          <Line text={`scp -P ${port} fichier ${user}@${host}:/tmp/`} what={t("connect.up")} />
        </>
      )}
      {functions.includes("file_down") && (
        <>
          <p>{t("connect.down")}</p>
          <Line text={`scp -P ${port} ${user}@${host}:/chemin/fichier .`} what={t("connect.down")} />
        </>
      )}
      <Fingerprints ssh={ssh} />
      <p class="muted">{t("connect.factors")}</p>
    </>
  );
}

function PuttyLines({ ssh, target }: { ssh: Ssh; target: Answer }) {
  return (
    <>
      <p>{t("connect.putty")}</p>
      <Line text={ssh.host} what={t("connect.host")} />
      <Line text={String(ssh.port)} what={t("connect.port")} />
      <Line text={userOf(target)} what={t("connect.user")} />
      <p>{t("connect.winscp")}</p>
      <Fingerprints ssh={ssh} />
    </>
  );
}

function Rdp({ window: w, target, rdp }: { window: Answer; target: Answer; rdp: Doors["rdp"] }) {
  const act = useAct();
  const [factors, setFactors] = useState({ password: "", code: "" });
  const [made, setMade] = useState<Answer>();
  return (
    <>
      <p>{t("rdp.ticket")}</p>
      <Form
        act={act}
        submit={t("rdp.make")}
        icon="download"
        onSubmit={() =>
          void act.run(
            () => checkFactors(factors),
            async () => {
              try {
                const ticket = await call("rdp.ticket", { window: w.window, asset: target.asset, account: target.account, from: me().address, ...factors });
                saveFile(`${target.asset}.rdp`, "application/x-rdp", String(ticket.file));
                setMade(ticket);
              } finally {
                setFactors({ password: "", code: "" });
              }
            },
          )
        }
      >
        <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
      </Form>
      {made && <Notice tone="good" title={t("rdp.made", { n: Number(made.life_s) })}>{t("rdp.made_text")}</Notice>}
      {rdp && (
        <>
          <p>{t("rdp.by_hand")}</p>
          <Line text={`${rdp.host}:${rdp.port}`} what={t("connect.host")} />
          <Line text={`${me().login}+${target.asset}`} what={t("connect.user")} />
          <p>{t("rdp.certificate")}</p>
          <Line text={rdp.fingerprint} what={t("rdp.certificate_what")} />
        </>
      )}
      <p class="muted">
        <Icon name="info" /> {t("rdp.functions", { list: (w.functions as string[]).map((one) => word("function", one)).join(", ") })}
      </p>
    </>
  );
}
