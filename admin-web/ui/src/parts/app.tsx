import { type ComponentChildren, type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLink } from "../lib/live";
import { followLinks, matchPath, navigate, usePath } from "../lib/route";
import { chooseLanguage, restOfTexts, startLanguage, t, useLanguage, word } from "../lib/text";
import { showDuration, showMoment } from "../lib/time";
import { Accessibility } from "../views/accessibility";
import { Away, Login } from "../views/login";
import { Icon, Notice } from "./basics";
import { Dialog } from "./form";
import { Page } from "./page";
import { logout, me, refreshWho, seen, siteName, startSession, useSession } from "./session";

declare const DOOR: "portal" | "console";

/** What comes after the login page, in a file of its own: it travels while the reader types. */
export interface Pages {
  places: readonly Place[];
  nav: readonly Entry[];
}
export interface Place {
  path: string;
  // biome-ignore lint: each view names the parts of its own path.
  view: ComponentType<any>;
}
export interface Entry {
  path: string;
  label: () => string;
  icon: string;
  /** Paths below which this entry is the current one. */
  below?: string[];
  shown?: () => boolean;
}

function Brand() {
  return (
    <a href="/" class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <path d="M7 7v18M25 7v18M7 9l9 7-9 7M25 9l-9 7 9 7" />
      </svg>
      <span>
        <strong>Écluse</strong>
        <span class="door">{DOOR === "portal" ? t("app.portal") : t("app.console")}</span>
      </span>
    </a>
  );
}

function LanguageButton() {
  const language = useLanguage();
  const other = language === "fr" ? "en" : "fr";
  return (
    <button type="button" class="bare" lang={other} onClick={() => chooseLanguage(other)}>
      <Icon name="globe" />
      {other === "en" ? "English" : "Français"}
    </button>
  );
}

function LinkState() {
  const link = useLink();
  return (
    <span class={`link-state ${link}`} role="status">
      <Icon name={link === "live" ? "circle-check" : "wifi-off"} />
      {link === "live" ? t("app.live") : t("app.polling")}
    </span>
  );
}

const withTexts = async <T,>(load: () => Promise<T>): Promise<T> => (await Promise.all([load(), restOfTexts()]))[0];

function Header({ load }: { load: () => Promise<Pages> }) {
  const { phase } = useSession();
  const path = usePath();
  const [nav, setNav] = useState<readonly Entry[]>([]);
  useEffect(() => {
    withTexts(load).then((pages) => setNav(pages.nav), () => {});
  }, []);
  const shown = nav.filter((entry) => entry.shown?.() ?? true);
  const isCurrent = (entry: Entry) => (entry.path === "/" ? path === "/" : [entry.path, ...(entry.below ?? [])].some((base) => path === base || path.startsWith(`${base}/`)));
  return (
    <header class="top">
      <div class="bar">
        <Brand />
        {siteName() && <span class="site">{siteName()}</span>}
        <div class="bar-end">
          {phase === "in" && <LinkState />}
          <LanguageButton />
          {phase === "in" && (
            <>
              <a class="bare" href="/compte" {...(path === "/compte" ? { "aria-current": "page" } : {})}>
                <Icon name="user" />
                {me().name}
              </a>
              <button type="button" class="bare" onClick={() => void logout().then(() => navigate("/"))}>
                <Icon name="log-out" />
                {t("app.logout")}
              </button>
            </>
          )}
        </div>
      </div>
      {phase === "in" && (
        <nav class="main-nav" aria-label={t("app.nav")}>
          <ul>
            {shown.map((entry) => (
              <li key={entry.path}>
                <a href={entry.path} {...(isCurrent(entry) ? { "aria-current": "page" as const } : {})}>
                  <Icon name={entry.icon} />
                  {entry.label()}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </header>
  );
}

/** What a person learns when entering: the last login, failures since, and what the server has to say. */
function Entering() {
  const { fresh, who } = useSession();
  if (!fresh || !who) return null;
  return (
    <div class="page">
      <Notice
        tone={who.failures > 0 ? "warn" : "info"}
        title={who.last_login ? t("entering.last", { at: showMoment(who.last_login.at), from: who.last_login.from, door: word("door", who.last_login.door) }) : t("entering.first")}
        actions={
          <>
            <button type="button" onClick={seen}>
              {t("act.understood")}
            </button>
            <a href="/ce-nest-pas-moi">{t("entering.not_me")}</a>
          </>
        }
      >
        {who.failures > 0 && <p>{t("entering.failures", { n: who.failures })}</p>}
        {who.notices.map((notice) => (
          <p key={notice}>{notice}</p>
        ))}
      </Notice>
    </div>
  );
}

const warn_before = 120_000;
/** The session's end is announced, and put off by a press; what is typed is kept in any case. */
function Expiry() {
  const state = useSession();
  const [left, set] = useState(Number.POSITIVE_INFINITY);
  useEffect(() => {
    const timer = setInterval(() => set(state.phase === "in" ? Math.min(state.idleEnd, state.lifeEnd) - Date.now() : Number.POSITIVE_INFINITY), 1000);
    return () => clearInterval(timer);
  }, [state]);
  const warned = state.phase === "in" && left < Math.min(warn_before, (state.who?.idle_s ?? 900) * 500);
  useEffect(() => {
    // The server has ended it meanwhile: ask, and be told.
    if (state.phase === "in" && left <= -2000) void refreshWho().catch(() => {});
  }, [left <= -2000]);
  if (!warned || left <= 0) return null;
  const idle = state.idleEnd <= state.lifeEnd;
  return (
    <Dialog title={t("expiry.title", { left: showDuration(left) })} onClose={() => void refreshWho()}>
      <p>{idle ? t("expiry.idle") : t("expiry.life")}</p>
      <div class="actions">
        {idle && (
          <button type="button" class="primary" onClick={() => void refreshWho()}>
            {t("expiry.stay")}
          </button>
        )}
        <button type="button" onClick={() => void logout()}>
          {t("app.logout")}
        </button>
      </div>
    </Dialog>
  );
}

function NotFound() {
  return (
    <Page title={t("page.unknown")}>
      <p>{t("page.unknown_text")}</p>
      <p>
        <a href="/">{t("page.home")}</a>
      </p>
    </Page>
  );
}

function NotMe() {
  return (
    <Page title={t("notme.title")}>
      <Notice tone="bad" title={t("notme.call")}>
        <ol>
          <li>{t("notme.one")}</li>
          <li>
            <a href="/compte">{t("notme.two")}</a>
          </li>
          <li>{t("notme.three")}</li>
        </ol>
      </Notice>
    </Page>
  );
}

/** A view whose script is fetched when it is needed. */
export function Later<T>({ load, show }: { load: () => Promise<T>; show: (loaded: T) => ComponentChildren }) {
  const [loaded, set] = useState<T>();
  const [failed, fail] = useState(false);
  useEffect(() => {
    withTexts(load).then((value) => set(() => value), () => fail(true));
  }, []);
  // A new version of the pages has replaced the files of this one.
  if (failed) return <Notice tone="warn" title={t("page.newer")} actions={<button type="button" onClick={() => location.reload()}>{t("page.reload")}</button>} />;
  return loaded ? <>{show(loaded)}</> : <p class="loading" role="status">{t("page.loading")}</p>;
}

function View({ load }: { load: () => Promise<Pages> }) {
  const { phase } = useSession();
  const path = usePath();
  if (path === "/accessibilite") return <Accessibility />;
  if (path === "/enrolement") return <Later key="enrolment" load={() => import("../views/enrolment")} show={({ Enrolment }) => <Enrolment />} />;
  if (phase === "starting") return <p class="loading" role="status">{t("page.loading")}</p>;
  if (phase === "away") return <Away retry={() => void startSession()} />;
  if (phase === "out") return <Login />;
  if (path === "/ce-nest-pas-moi") return <NotMe />;
  return (
    <Later
      key="pages"
      load={load}
      show={({ places }) => {
        for (const { path: pattern, view: Found } of places) {
          const parts = matchPath(pattern, path);
          if (parts) return <Found key={path} {...parts} />;
        }
        return <NotFound />;
      }}
    />
  );
}

function App({ load }: { load: () => Promise<Pages> }) {
  useLanguage();
  const { phase } = useSession();
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <Header load={load} />
      <main id="main" tabIndex={-1}>
        {phase === "in" && <Entering />}
        <View load={load} />
      </main>
      <footer>
        <a href="/accessibilite">{t("app.accessibility")}</a>
      </footer>
      <Expiry />
    </>
  );
}

export async function start(load: () => Promise<Pages>): Promise<void> {
  followLinks();
  await startLanguage();
  const root = document.getElementById("app");
  if (!root) return;
  render(<App load={load} />, root);
  await startSession();
}
