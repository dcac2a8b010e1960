import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { t } from "../lib/text";
import { Icon } from "../parts/basics";
import { Area, AskButton, Dialog, type Errors, Form, SignFields, checkFactors, useAct } from "../parts/form";
import { hasRole, me } from "../parts/session";
import { AccountReview, AccountReviews } from "../views/account_reviews";

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
  return <AccountReview id={id} validation={(review, done) => <Validate review={review} done={done} />} />;
}

function Validate({ review, done }: { review: string; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [comment, setComment] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const act = useAct();
  const check = (): Errors => checkFactors(factors);
  const send = () =>
    act.run(check, async () => {
      try {
        await call("review.validate", { review, comment, ...factors });
      } finally {
        setFactors({ password: "", code: "" });
      }
      setOpen(false);
      done();
    });
  return (
    <>
      <div class="actions">
        <button type="button" class="primary" onClick={() => setOpen(true)}>
          <Icon name="pen-line" />
          {t("accounts.validate")}
        </button>
      </div>
      {open && (
        <Dialog title={t("accounts.validate")} onClose={() => setOpen(false)}>
          <Form act={act} onSubmit={() => void send()} submit={t("accounts.validate")} icon="pen-line" extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
            <p>{t("accounts.validate_consequence")}</p>
            <Area name="comment" optional label={t("rf.comment")} value={comment} onValue={setComment} rows={2} maxLength={2000} />
            <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
          </Form>
        </Dialog>
      )}
    </>
  );
}
