import { type Entry, Later, type Place } from "../parts/app";
import { Home } from "./home";
import { People, Person } from "./people";
import { Recordings } from "./recordings";
import { ConsoleReport } from "./report";
import { Session, Sessions } from "./sessions";
import { Vendor, Vendors } from "./vendors";
import { ConsoleWindow } from "./window";
import { Calendar, Windows } from "./windows";
import { t } from "../lib/text";
import { hasRole, isLimited, keepsTraces } from "../parts/session";
import { Reports } from "../views/reports";
import { Account } from "../views/account";

/** Whoever only accompanies sees the own windows, and nothing of what they may not. */
const onlyEscort = () => !hasRole("dsi", "rssi", "auditor", "log_manager", "platform_admin");
const works = () => !onlyEscort() && !keepsTraces();
const MyEscorts = () => <Later load={() => import("./escorts")} show={({ Escorts }) => <Escorts />} />;

export const places: readonly Place[] = [
  { path: "/", view: () => (onlyEscort() ? <MyEscorts /> : <Home />) },
  { path: "/creneaux", view: Windows },
  { path: "/creneaux/:id", view: ConsoleWindow },
  { path: "/calendrier", view: Calendar },
  { path: "/sessions", view: Sessions },
  { path: "/sessions/:id", view: Session },
  { path: "/comptes-rendus", view: () => <Reports hospital /> },
  { path: "/comptes-rendus/:id", view: ConsoleReport },
  { path: "/enregistrements", view: Recordings },
  { path: "/recherche", view: () => <Later load={() => import("./search")} show={({ SearchPage }) => <SearchPage />} /> },
  { path: "/enregistrements/:id", view: ({ id }: { id: string }) => <Later load={() => import("./replay")} show={({ Replay }) => <Replay id={id} />} /> },
  { path: "/titulaires", view: Vendors },
  { path: "/titulaires/:id", view: Vendor },
  { path: "/personnes", view: People },
  { path: "/personnes/:id", view: Person },
  { path: "/cibles", view: () => <Later load={() => import("./assets")} show={({ Assets }) => <Assets />} /> },
  { path: "/cibles/:name", view: ({ name }: { name: string }) => <Later load={() => import("./assets")} show={({ Asset }) => <Asset name={name} />} /> },
  { path: "/refus", view: () => <Later load={() => import("./refusals")} show={({ Refusals }) => <Refusals />} /> },
  { path: "/urgence", view: () => <Later load={() => import("./emergency")} show={({ Emergencies }) => <Emergencies />} /> },
  { path: "/astreinte", view: () => <Later load={() => import("./oncall")} show={({ Rota }) => <Rota />} /> },
  { path: "/revues", view: () => <Later load={() => import("./account_reviews")} show={({ HospitalReviews }) => <HospitalReviews />} /> },
  { path: "/revues/:id", view: ({ id }: { id: string }) => <Later load={() => import("./account_reviews")} show={({ HospitalReview }) => <HospitalReview id={id} />} /> },
  { path: "/audits", view: () => <Later load={() => import("./audits")} show={({ Audits }) => <Audits />} /> },
  { path: "/audits/:id", view: ({ id }: { id: string }) => <Later load={() => import("./audits")} show={({ Audit }) => <Audit id={id} />} /> },
  { path: "/conformite", view: () => <Later load={() => import("./conformity")} show={({ Conformity }) => <Conformity />} /> },
  { path: "/accompagnements", view: () => <MyEscorts /> },
  { path: "/compte", view: Account },
];
export const nav: readonly Entry[] = [
  { path: "/", label: () => t("nav.home"), icon: "circle-check" },
  { path: "/creneaux", label: () => t("nav.windows"), icon: "calendar-days", below: ["/calendrier"], shown: works },
  { path: "/accompagnements", label: () => t("nav.escorts"), icon: "eye", shown: () => hasRole("dsi") },
  { path: "/sessions", label: () => t("nav.sessions"), icon: "monitor", shown: works },
  { path: "/enregistrements", label: () => t("nav.recordings"), icon: "eye", shown: () => hasRole("rssi", "auditor", "log_manager") },
  { path: "/recherche", label: () => t("nav.search"), icon: "search", shown: () => hasRole("rssi", "auditor", "log_manager") },
  { path: "/comptes-rendus", label: () => t("nav.reports"), icon: "file-text", shown: works },
  { path: "/titulaires", label: () => t("nav.vendors"), icon: "building-2", shown: () => works() && !isLimited() },
  { path: "/personnes", label: () => t("nav.people"), icon: "users", below: ["/revues"], shown: () => works() && !isLimited() },
  { path: "/cibles", label: () => t("nav.assets"), icon: "server", shown: works },
  { path: "/refus", label: () => t("nav.refusals"), icon: "circle-x", shown: works },
  { path: "/urgence", label: () => t("nav.emergency"), icon: "siren", below: ["/astreinte"], shown: works },
  { path: "/audits", label: () => t("nav.audits"), icon: "shield-check", shown: () => hasRole("rssi", "auditor") },
  { path: "/conformite", label: () => t("nav.conformity"), icon: "file-text", shown: () => hasRole("dsi", "rssi", "auditor") && !isLimited() },
];
