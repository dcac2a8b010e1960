import type { ComponentChildren, InputHTMLAttributes, RefObject } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Problem } from "../lib/call";
import { hasPasskeys, isPasskeyUse, isRefusal, usePasskey } from "../lib/passkey";
import { t } from "../lib/text";
import { Icon, Notice, ProblemBox } from "./basics";

/** Name of a field → what is wrong with it. */
export type Errors = Record<string, string>;

interface FieldProps {
  label: string;
  help?: ComponentChildren;
  error?: string | undefined;
  name: string;
  optional?: boolean;
}

function Frame({ id, label, help, error, optional, children, group }: FieldProps & { id: string; children: ComponentChildren; group?: boolean }) {
  const note = optional ? <span class="optional"> {t("form.optional")}</span> : null;
  const after = (
    <>
      {help && (
        <div class="help" id={`${id}-help`}>
          {help}
        </div>
      )}
      {children}
      {error && (
        <p class="error" id={`${id}-error`}>
          <Icon name="circle-x" />
          {error}
        </p>
      )}
    </>
  );
  if (group)
    return (
      <fieldset class={error ? "field wrong" : "field"} id={id} tabIndex={-1} aria-describedby={describedBy(id, help, error)}>
        <legend>
          {label}
          {note}
        </legend>
        {after}
      </fieldset>
    );
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id}>
        {label}
        {note}
      </label>
      {after}
    </div>
  );
}
const describedBy = (id: string, help: unknown, error: unknown) => [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;

type InputProps = FieldProps & { value: string; onValue: (value: string) => void } & Omit<InputHTMLAttributes<HTMLInputElement>, "name" | "label" | "value" | "list" | "type">;
export function Input({ label, help, error, name, optional, value, onValue, ...rest }: InputProps & { type?: string }) {
  const id = `f-${name}`;
  return (
    <Frame {...{ id, label, help, error, name }} optional={optional ?? false}>
      <input
        {...(rest as object)}
        id={id}
        name={name}
        value={value}
        required={!optional}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={describedBy(id, help, error)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Frame>
  );
}

export function Area({ label, help, error, name, optional, value, onValue, rows = 3, maxLength }: FieldProps & { value: string; onValue: (value: string) => void; rows?: number; maxLength?: number }) {
  const id = `f-${name}`;
  return (
    <Frame {...{ id, label, help, error, name }} optional={optional ?? false}>
      <textarea
        id={id}
        name={name}
        rows={rows}
        {...(maxLength ? { maxLength } : {})}
        value={value}
        required={!optional}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={describedBy(id, help, error)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Frame>
  );
}

export function Select({ label, help, error, name, optional, value, onValue, options }: FieldProps & { value: string; onValue: (value: string) => void; options: readonly (readonly [string, string])[] }) {
  const id = `f-${name}`;
  return (
    <Frame {...{ id, label, help, error, name }} optional={optional ?? false}>
      <select id={id} name={name} required={!optional} aria-invalid={error ? "true" : undefined} aria-describedby={describedBy(id, help, error)} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Choices({ label, help, error, name, optional, value, onValue, options, many = false }: FieldProps & { value: readonly string[]; onValue: (value: string[]) => void; options: readonly (readonly [string, ComponentChildren])[]; many?: boolean }) {
  const id = `f-${name}`;
  return (
    <Frame {...{ id, label, help, error, name }} optional={optional ?? false} group>
      <div class="choices">
        {options.map(([key, text]) => (
          <label key={key} class="choice">
            <input
              type={many ? "checkbox" : "radio"}
              name={name}
              value={key}
              checked={value.includes(key)}
              aria-invalid={error ? "true" : undefined}
              onChange={(event) => {
                const on = event.currentTarget.checked;
                onValue(many ? (on ? [...value, key] : value.filter((one) => one !== key)) : [key]);
              }}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </Frame>
  );
}

export function YesNo({ value, onValue, ...rest }: FieldProps & { value: boolean | null; onValue: (value: boolean) => void }) {
  return (
    <Choices
      {...rest}
      value={value === null ? [] : [value ? "yes" : "no"]}
      onValue={([one]) => onValue(one === "yes")}
      options={[
        ["yes", t("form.yes")],
        ["no", t("form.no")],
      ]}
    />
  );
}

export function Tick({ name, label, value, onValue, help, error }: { name: string; label: ComponentChildren; value: boolean; onValue: (value: boolean) => void; help?: string; error?: string | undefined }) {
  const id = `f-${name}`;
  return (
    <div class={error ? "field wrong" : "field"}>
      <label class="choice">
        <input type="checkbox" id={id} name={name} checked={value} aria-invalid={error ? "true" : undefined} aria-describedby={describedBy(id, help, error)} onChange={(event) => onValue(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {help && <div class="help" id={`${id}-help`}>{help}</div>}
      {error && (
        <p class="error" id={`${id}-error`}>
          <Icon name="circle-x" />
          {error}
        </p>
      )}
    </div>
  );
}

/** As the fields stand on the page, whatever order they were checked in. */
function inOrder(errors: Errors): Errors {
  const place = (name: string) => document.getElementById(`f-${name}`);
  const before = (a: string, b: string) => {
    const [x, y] = [place(a), place(b)];
    return x && y && x !== y ? (x.compareDocumentPosition(y) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1) : 0;
  };
  return Object.fromEntries(Object.entries(errors).sort(([a], [b]) => before(a, b)));
}

/** Every act of a form: one at a time, errors of fields beside them and in a summary, refusals above. */
export function useAct(): {
  busy: boolean;
  errors: Errors;
  problem: Problem | undefined;
  run: (check: () => Errors, act: () => Promise<void>) => Promise<void>;
  clear: () => void;
  form: RefObject<HTMLFormElement | null>;
} {
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<Problem>();
  const form = useRef<HTMLFormElement>(null);
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => void (gone.current = true);
  }, []);
  const run = async (check: () => Errors, act: () => Promise<void>) => {
    if (busy) return;
    setProblem(undefined);
    const found = inOrder(check());
    setErrors(found);
    const first = Object.keys(found)[0];
    if (first) {
      requestAnimationFrame(() => {
        const field = form.current?.querySelector<HTMLElement>(`#f-${CSS.escape(first)}`);
        // A group takes the focus at its first choice.
        (field?.matches("fieldset") ? (field.querySelector("input") ?? field) : field)?.focus();
      });
      return;
    }
    setBusy(true);
    try {
      await act();
    } catch (error) {
      if (!gone.current) setProblem(error instanceof Problem ? error : new Problem(0, "E-WEB-10", t("problem.title"), String(error)));
    } finally {
      if (!gone.current) setBusy(false);
    }
  };
  return { busy, errors, problem, run, clear: () => (setErrors({}), setProblem(undefined)), form };
}

export function Summary({ errors }: { errors: Errors }) {
  const found = Object.entries(errors);
  if (found.length === 0) return null;
  return (
    <div role="alert">
      <Notice tone="bad" title={t("form.errors")}>
        <ul>
          {found.map(([name, text]) => (
            <li key={name}>
              <a
                href={`#f-${name}`}
                onClick={(event) => {
                  event.preventDefault();
                  const field = document.getElementById(`f-${name}`);
                  (field?.matches("fieldset") ? (field.querySelector("input") ?? field) : field)?.focus();
                }}
              >
                {text}
              </a>
            </li>
          ))}
        </ul>
      </Notice>
    </div>
  );
}

/** Form with its refusals, its errors and its button. */
export function Form({ act, onSubmit, submit, tone = "primary", children, extra, icon }: { act: ReturnType<typeof useAct>; onSubmit: () => void; submit: string; tone?: string; children: ComponentChildren; extra?: ComponentChildren; icon?: string }) {
  return (
    <form
      ref={act.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Summary errors={act.errors} />
      {act.problem && <ProblemBox problem={act.problem} />}
      {children}
      <div class="actions">
        <button type="submit" class={tone} aria-disabled={act.busy ? "true" : undefined}>
          {icon && <Icon name={icon} />}
          {act.busy ? t("act.working") : submit}
        </button>
        {extra}
      </div>
    </form>
  );
}

/** A code as typed, or in its place one use of a passkey. */
export function CodeField({ purpose, label, help, value, error, onValue, onKey = onValue }: { purpose: "login" | "sign"; label: string; help: string; value: string; error?: string | undefined; onValue: (code: string) => void; onKey?: (code: string) => void }) {
  const [problem, setProblem] = useState("");
  const press = async () => {
    setProblem("");
    try {
      onKey(await usePasskey(purpose));
    } catch (caught) {
      setProblem(caught instanceof Problem ? caught.detail : isRefusal(caught) ? t("passkey.refused") : String(caught));
    }
  };
  if (isPasskeyUse(value))
    return (
      <div class="field">
        <p role="status">
          <Icon name="key-round" /> {t("passkey.shown")}
        </p>
        <button type="button" class="small" onClick={() => onValue("")}>
          {t("passkey.code_instead")}
        </button>
      </div>
    );
  return (
    <>
      <Input name="code" label={label} help={help} inputMode="numeric" autocomplete="one-time-code" maxLength={32} value={value} onValue={onValue} error={error} />
      {hasPasskeys() && (
        <button type="button" class="small" onClick={() => void press()}>
          <Icon name="key-round" />
          {t("passkey.use")}
        </button>
      )}
      <p class="error" role="status">
        {problem}
      </p>
    </>
  );
}

/** Both factors again, for acts that sign. */
export interface Factors {
  password: string;
  code: string;
}
export function SignFields({ value, onValue, errors, login }: { value: Factors; onValue: (value: Factors) => void; errors: Errors; login: string }) {
  return (
    <div class="sign">
      <input type="text" name="username" autocomplete="username" value={login} readOnly hidden />
      <Input name="password" label={t("login.password")} type="password" autocomplete="current-password" value={value.password} error={errors.password} onValue={(password) => onValue({ ...value, password })} />
      <CodeField purpose="sign" label={t("sign.code")} help={t("sign.code_help")} value={value.code} error={errors.code} onValue={(code) => onValue({ ...value, code })} />
    </div>
  );
}
export function checkFactors(value: Factors): Errors {
  const errors: Errors = {};
  if (!value.password) errors.password = t("login.password_missing");
  if (!value.code.trim()) errors.code = t("login.code_missing");
  return errors;
}

/** A modal question; Escape and the first button leave everything as it was. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

export interface Question {
  title: string;
  consequence: ComponentChildren;
  submit: string;
  tone?: string;
  /** A reason is asked for, and this is what it is called; null: none. */
  reason?: string | null;
  reasonOptional?: boolean;
  /** A word to type. */
  typed?: string;
  signs?: string; // login of whoever signs
  act: (said: { reason: string; typed: string } & Factors) => Promise<unknown>;
}

/** An act with its consequence in words, a reason, and where it cannot be undone a word to type. */
export function Ask({ question, onClose, onDone }: { question: Question; onClose: () => void; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [factors, setFactors] = useState<Factors>({ password: "", code: "" });
  const act = useAct();
  const submit = () =>
    act.run(
      () => {
        const errors: Errors = {};
        if (question.reason && !question.reasonOptional && !reason.trim()) errors.reason = t("form.reason_missing");
        if (question.typed && typed.trim() !== question.typed) errors.typed = t("form.typed_wrong", { word: question.typed });
        return question.signs ? { ...errors, ...checkFactors(factors) } : errors;
      },
      async () => {
        await question.act({ reason, typed, ...factors });
        onDone();
      },
    );
  return (
    <Dialog title={question.title} onClose={onClose}>
      <Form
        act={act}
        onSubmit={() => void submit()}
        submit={question.submit}
        tone={question.tone ?? "primary"}
        extra={
          <button type="button" onClick={onClose}>
            {t("act.cancel")}
          </button>
        }
      >
        <div class="consequence">{question.consequence}</div>
        {question.reason && <Area name="reason" label={question.reason} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1000} optional={question.reasonOptional ?? false} />}
        {question.typed && <Input name="typed" label={t("form.type_word", { word: question.typed })} autocomplete="off" value={typed} onValue={setTyped} error={act.errors.typed} />}
        {question.signs && <SignFields value={factors} onValue={setFactors} errors={act.errors} login={question.signs} />}
      </Form>
    </Dialog>
  );
}

/** A button that asks its question; `said` tells the page when it is done. */
export function AskButton({ question, children, label, tone = "", icon, done }: { question: () => Question; children: ComponentChildren; label?: string; tone?: string; icon?: string; done: () => void }) {
  const [asked, ask] = useState<Question>();
  return (
    <>
      <button type="button" class={tone} onClick={() => ask(question())}>
        {icon && <Icon name={icon} />}
        {children}
        {label && <span class="unseen"> {label}</span>}
      </button>
      {asked && (
        <Ask
          question={asked}
          onClose={() => ask(undefined)}
          onDone={() => {
            ask(undefined);
            done();
          }}
        />
      )}
    </>
  );
}
