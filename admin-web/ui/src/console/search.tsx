import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, Problem, call } from "../lib/call";
import { useQuery } from "../lib/route";
import { plural, t, word } from "../lib/text";
import { Empty, Moment, Notice, ProblemBox, Raw } from "../parts/basics";
import { Page } from "../parts/page";
import { Filter } from "../parts/table";
import { clockOf } from "../replay/clock";
import { Unlock } from "./unlock";
import { type Index, closeIndex, openIndex, useIndex } from "./search_index";

const kinds = ["typed", "shown", "command", "title", "file", "clipboard", "event", "report"];
/** A hit opens a little before, so that what led to it is seen. */
const before_ms = 1000;

interface Hit {
  at_ms: number;
  kind: string;
  text: [string, boolean][];
}

function Reading({ index }: { index: Index }) {
  const share = { n: index.read.toLocaleString("fr-FR"), total: index.total.toLocaleString("fr-FR") };
  return (
    <section class="card" data-index={index.reading ? "reading" : "read"}>
      <div class="actions">
        <progress max={Math.max(1, index.total)} value={index.read} aria-label={t("search.progress")} />
        <span role="status">{index.reading ? t("search.reading", share) : t("search.read", share)}</span>
        <button type="button" class="quiet" onClick={() => void closeIndex()}>{t("search.close")}</button>
      </div>
      {index.full && <Notice tone="warn" title={t("search.full", { n: index.total - index.read })} />}
      {index.unreadable > 0 && <Notice tone="warn" title={plural("search.unreadable", index.unreadable)} />}
      {index.cut > 0 && <p class="muted">{plural("search.cut", index.cut)}</p>}
      {index.problem && <ProblemBox problem={index.problem} />}
    </section>
  );
}

/** Everything in it was written by vendors and targets: text, and nothing but text. */
function Snippet({ parts }: { parts: Hit["text"] }) {
  return <>{parts.map(([text, found], i) => (found ? <mark key={i}><Raw text={text} /></mark> : <Raw key={i} text={text} />))}</>;
}

function Found({ session }: { session: Answer }) {
  const place = (hit: Hit) => `/enregistrements/${session.session}?s=${Math.floor(Math.max(0, hit.at_ms - before_ms) / 1000)}`;
  return (
    <li class="card" data-session={session.session}>
      <h2><a href={`/enregistrements/${session.session}`}>{session.session}</a></h2>
      <p class="muted"><Moment at={session.started_at} /> – <Raw text={session.person} /> (<Raw text={session.vendor} />) – <Raw text={session.asset} /></p>
      <ul class="plain">
        {(session.hits as Hit[]).map((hit, i) => (
          <li key={i}>
            {hit.kind === "report" ? <span class="clock">{t("search.report")}</span> : <a class="clock" href={place(hit)}>{clockOf(hit.at_ms)}</a>} <span class="muted">{word("search.kind", hit.kind)}</span> <Snippet parts={hit.text} />
          </li>
        ))}
      </ul>
      {session.more && <p class="muted">{t("search.more_hits")}</p>}
    </li>
  );
}

/** R1: what was typed and shown, in every session, by its words. */
function Ask({ index }: { index: Index }) {
  const [words, setWords] = useQuery("mots");
  const [typed, setTyped] = useState(words);
  const [kind, setKind] = useQuery("genre");
  const [vendor, setVendor] = useQuery("titulaire");
  const [person, setPerson] = useQuery("personne");
  const [asset, setAsset] = useQuery("cible");
  const [from, setFrom] = useQuery("du");
  const [to, setTo] = useQuery("au");
  const [sessions, setSessions] = useState<Answer[]>();
  const [next, setNext] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem>();
  const round = useRef(0);

  const look = async (what: string, after?: number) => {
    const mine = ++round.current;
    setProblem(undefined);
    try {
      // Days are Paris days; the end is exclusive.
      const day = (text: string, plus: number) => (text ? new Date(Date.parse(`${text}T00:00:00`) + plus).toISOString().replace(/\.\d+/, "") : undefined);
      const answer = await call("search.find", { search: index.search, words: what, kind: kind || undefined, person: person || undefined, vendor: vendor || undefined, asset: asset || undefined, from: day(from, 0), to: day(to, 86_400_000), after });
      if (mine !== round.current) return;
      setSessions((old) => [...(after ? (old ?? []) : []), ...(answer.sessions as Answer[])]);
      setNext(answer.next as number | null);
    } catch (error) {
      if (mine === round.current && error instanceof Problem) setProblem(error);
    }
  };
  // Once more when everything is read; and for a link that carries its words.
  useEffect(() => {
    if (words) void look(words);
  }, [index.reading, kind]);

  return (
    <>
      <form
        class="card"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (!typed.trim()) return;
          setWords(typed.trim());
          void look(typed.trim());
        }}
      >
        <div class="field">
          <label for="f-words">{t("search.words")}</label>
          <div class="help" id="f-words-help">{t("search.words_help")}</div>
          <input id="f-words" type="search" maxLength={300} autocomplete="off" aria-describedby="f-words-help" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </div>
        <div class="filters">
          <Filter name="kind" label={t("search.kind_label")} value={kind} onValue={setKind} options={[["", t("search.every_kind")], ...kinds.map((one): [string, string] => [one, word("search.kind", one)])]} />
          {([["vendor", t("search.vendor"), vendor, setVendor], ["person", t("search.person"), person, setPerson], ["asset", t("search.asset"), asset, setAsset]] as const).map(([name, label, value, set]) => (
            <div class="filter" key={name}>
              <label for={`q-${name}`}>{label}</label>
              <input id={`q-${name}`} value={value} maxLength={100} autocomplete="off" onChange={(event) => set(event.currentTarget.value.trim())} />
            </div>
          ))}
          {([["from", t("search.from"), from, setFrom], ["to", t("search.to"), to, setTo]] as const).map(([name, label, value, set]) => (
            <div class="filter" key={name}>
              <label for={`q-${name}`}>{label}</label>
              <input id={`q-${name}`} type="date" value={value} onChange={(event) => set(event.currentTarget.value)} />
            </div>
          ))}
          <button type="submit" class="primary">{t("search.submit")}</button>
        </div>
      </form>
      {problem && <ProblemBox problem={problem} retry={() => void look(words)} />}
      <p role="status" class="muted">{sessions ? plural("search.found", sessions.length) : ""}</p>
      {sessions?.length === 0 && <Empty title={t("search.nothing")}><p>{index.reading ? t("search.nothing_yet") : t("search.nothing_text")}</p></Empty>}
      {sessions && sessions.length > 0 && <ul class="plain">{sessions.map((one) => <Found key={one.session} session={one} />)}</ul>}
      {next !== null && <button type="button" onClick={() => void look(words, next)}>{t("search.next")}</button>}
    </>
  );
}

export function SearchPage() {
  const index = useIndex();
  return (
    <Page title={t("search.title")} lead={<p>{t("search.lead")}</p>}>
      {!index && <Unlock title={t("search.open_title")} submit={t("search.open")} reasonHelp={t("search.reason_help")} open={openIndex} />}
      {index && <Reading index={index} />}
      {index && <Ask key={index.search} index={index} />}
    </Page>
  );
}
