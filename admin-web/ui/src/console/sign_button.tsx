import { useState } from "preact/hooks";
import { t } from "../lib/text";
import { Icon } from "../parts/basics";
import { Area, Dialog, type Errors, Form, SignFields, checkFactors, useAct } from "../parts/form";
import { me } from "../parts/session";

type Signed = { words: string; password: string; code: string };

/** An act that both factors sign, with words of whoever signs; `missing`: what is said when there are none, where there must be. */
export function SignButton({ label, consequence, words, missing, sign, done }: { label: string; consequence: string; words: string; missing?: string; sign: (signed: Signed) => Promise<unknown>; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useState("");
  const [factors, setFactors] = useState({ password: "", code: "" });
  const act = useAct();
  const check = (): Errors => ({ ...(missing && !said.trim() ? { words: missing } : {}), ...checkFactors(factors) });
  const send = () =>
    act.run(check, async () => {
      try {
        await sign({ words: said.trim(), ...factors });
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
          {label}
        </button>
      </div>
      {open && (
        <Dialog title={label} onClose={() => setOpen(false)}>
          <Form act={act} onSubmit={() => void send()} submit={label} icon="pen-line" extra={<button type="button" onClick={() => setOpen(false)}>{t("act.cancel")}</button>}>
            <p class="consequence">{consequence}</p>
            <Area name="words" optional={!missing} label={words} value={said} onValue={setSaid} error={act.errors.words} rows={2} maxLength={1900} />
            <SignFields value={factors} onValue={setFactors} errors={act.errors} login={me().login} />
          </Form>
        </Dialog>
      )}
    </>
  );
}
