import { useState } from "preact/hooks";
import { Problem } from "../lib/call";
import { KeyError, hasReadingKey, openReadingKey } from "../lib/reading_key";
import { t, word } from "../lib/text";
import { Notice } from "../parts/basics";
import { Area, type Errors, Form, Input, useAct } from "../parts/form";

const keyProblem = (error: KeyError) => new Problem(0, "E-CLE-01", t("replay.key_title"), word("replay.key_fault", error.why), t("replay.key_remedy"));

/** A reason each time, the key once per session of the console. `open` is asked once the key is there. */
export function Unlock({ title, submit, reasonHelp, open }: { title: string; submit: string; reasonHelp: string; open: (reason: string) => Promise<void> }) {
  const act = useAct();
  const [reason, setReason] = useState("");
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState("");
  const known = hasReadingKey();
  const check = () => {
    const errors: Errors = {};
    if (!reason.trim()) errors.reason = t("form.reason_missing");
    if (!known && !file) errors.key = t("replay.key_missing");
    if (!known && !passphrase) errors.passphrase = t("replay.passphrase_missing");
    return errors;
  };
  const unlock = async () => {
    try {
      // The key first: a wrong one must not look like a consultation.
      if (!known && file) await openReadingKey(await file.arrayBuffer(), passphrase);
      setPassphrase("");
      await open(reason.trim());
    } catch (error) {
      throw error instanceof KeyError ? keyProblem(error) : error;
    }
  };
  return (
    <section class="card">
      <h2>{title}</h2>
      <Form act={act} submit={submit} icon="eye" onSubmit={() => void act.run(check, unlock)}>
        <Area name="reason" label={t("replay.reason")} help={reasonHelp} rows={2} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1900} />
        {known ? (
          <Notice tone="good" title={t("replay.key_known")} />
        ) : (
          <>
            <div class={act.errors.key ? "field wrong" : "field"}>
              <label for="f-key">{t("replay.key_file")}</label>
              <div class="help" id="f-key-help">{t("replay.key_help")}</div>
              <input id="f-key" name="key" type="file" accept=".p12,.pfx,.pem,.key" aria-invalid={act.errors.key ? "true" : undefined} aria-describedby={act.errors.key ? "f-key-help f-key-error" : "f-key-help"} onChange={(event) => setFile(event.currentTarget.files?.[0])} />
              {act.errors.key && <p class="error" id="f-key-error">{act.errors.key}</p>}
            </div>
            <Input name="passphrase" label={t("replay.passphrase")} type="password" autocomplete="off" value={passphrase} onValue={setPassphrase} error={act.errors.passphrase} />
          </>
        )}
      </Form>
    </section>
  );
}
