import { type Entry, Later, type Place } from "../parts/app";
import { hasRole } from "../parts/session";
import { t } from "../lib/text";
import { AskWindow } from "./ask";
import { Home } from "./home";
import { PortalReport } from "./report";
import { Reports } from "../views/reports";
import { Team } from "./team";
import { PortalWindow } from "./window";
import { Account } from "../views/account";

const manages = () => hasRole("vendor_manager");
export const places: readonly Place[] = [
  { path: "/", view: Home },
  { path: "/demande", view: AskWindow },
  { path: "/creneaux/:id", view: PortalWindow },
  { path: "/creneaux/:id/terminal", view: ({ id }: { id: string }) => <Later load={() => import("./terminal")} show={({ TerminalPage }) => <TerminalPage id={id} />} /> },
  { path: "/comptes-rendus", view: Reports },
  { path: "/comptes-rendus/:id", view: PortalReport },
  { path: "/equipe", view: Team },
  { path: "/revues", view: () => <Later load={() => import("../views/account_reviews")} show={({ AccountReviews }) => <AccountReviews />} /> },
  { path: "/revues/:id", view: ({ id }: { id: string }) => <Later load={() => import("../views/account_reviews")} show={({ AccountReview }) => <AccountReview id={id} />} /> },
  { path: "/compte", view: Account },
];
export const nav: readonly Entry[] = [
  { path: "/", label: () => t("nav.windows"), icon: "calendar-days", below: ["/creneaux"] },
  { path: "/demande", label: () => t("nav.ask"), icon: "plus" },
  { path: "/comptes-rendus", label: () => t("nav.reports"), icon: "file-text" },
  { path: "/equipe", label: () => t("nav.team"), icon: "users", below: ["/revues"], shown: manages },
  { path: "/compte", label: () => t("nav.account"), icon: "user" },
];
