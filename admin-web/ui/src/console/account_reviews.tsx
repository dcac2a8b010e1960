import { type Answer, call } from "../lib/call";
import { t } from "../lib/text";
import { AskButton } from "../parts/form";
import { hasRole } from "../parts/session";
import { AccountReview, AccountReviews } from "../views/account_reviews";
import { SignButton } from "./sign_button";

/** The hospital's side of the reviews: the RSSI opens that of the hospital's own people, and a review is validated here. */
export function HospitalReviews() {
  const open = (rows: Answer[], reload: () => void) =>
    hasRole("rssi") &&
    !rows.some((r) => !r.vendor && !r.validated_at) && (
      <AskButton icon="plus" done={reload} question={() => ({ title: t("accounts.open"), consequence: t("accounts.open_consequence"), submit: t("accounts.open"), act: () => call("review.open", {}) })}>
        {t("accounts.open")}
      </AskButton>
    );
  return <AccountReviews actions={open} />;
}

export function HospitalReview({ id }: { id: string }) {
  return <AccountReview id={id} validation={(review, done) => <SignButton label={t("accounts.validate")} consequence={t("accounts.validate_consequence")} words={t("rf.comment")} sign={({ words, ...factors }) => call("review.validate", { review, comment: words, ...factors })} done={done} />} />;
}
