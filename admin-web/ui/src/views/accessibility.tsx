import { t } from "../lib/text";
import { Page } from "../parts/page";
import { sitePhone } from "../parts/session";

export function Accessibility() {
  return (
    <Page title={t("a11y.title")}>
      <p>
        <strong>{t("a11y.state")}</strong>
      </p>
      <p>{t("a11y.how")}</p>
      <h2>{t("a11y.limits")}</h2>
      <ul>
        <li>{t("a11y.limit_pdf")}</li>
        <li>{t("a11y.limit_audit")}</li>
      </ul>
      <h2>{t("a11y.contact")}</h2>
      <p>{t("a11y.contact_text", { phone: sitePhone() || "–" })}</p>
    </Page>
  );
}
