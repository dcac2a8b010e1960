import { useState } from "preact/hooks";
import { call } from "../lib/call";
import { t, word } from "../lib/text";
import { Area, Dialog, Form, Input, useAct } from "../parts/form";

export function AddPerson({ vendor, roles, onClose, done }: { vendor?: string; roles: readonly string[]; onClose: () => void; done: () => void }) {
  const [f, set] = useState({ first_name: "", last_name: "", login: "", mail: "", phone: "", role: roles[0] ?? "" });
  const act = useAct();
  const field = (name: keyof typeof f) => ({ name, value: f[name], error: act.errors[name], onValue: (value: string) => set({ ...f, [name]: value }), maxLength: 120 });
  return (
    <Dialog title={t("people.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("people.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => Object.fromEntries((["first_name", "last_name", "login", "mail"] as const).filter((name) => !f[name].trim()).map((name) => [name, t("form.wants", { what: word("person_field", name) })])),
            async () => {
              await call("person.create", { ...f, phone: f.phone || undefined, vendor });
              done();
              onClose();
            },
          )
        }
      >
        <div class="row">
          <Input {...field("first_name")} label={word("person_field", "first_name")} autocomplete="off" />
          <Input {...field("last_name")} label={word("person_field", "last_name")} autocomplete="off" />
        </div>
        <Input {...field("login")} label={word("person_field", "login")} help={t("people.login_help")} autocomplete="off" />
        <Input {...field("mail")} label={word("person_field", "mail")} type="email" autocomplete="off" />
        <Input {...field("phone")} label={word("person_field", "phone")} optional autocomplete="off" />
        {roles.length > 1 && (
          <div class="field">
            <label for="f-role">{t("people.role")}</label>
            <select id="f-role" onChange={(event) => set({ ...f, role: event.currentTarget.value })}>
              {roles.map((role) => (
                <option key={role} value={role} selected={role === f.role}>{word("role", role)}</option>
              ))}
            </select>
          </div>
        )}
        <p class="muted">{t("people.then")}</p>
      </Form>
    </Dialog>
  );
}

export function AddSource({ vendor, onClose, done }: { vendor?: string; onClose: () => void; done: () => void }) {
  const [range, setRange] = useState("");
  const [reason, setReason] = useState("");
  const act = useAct();
  return (
    <Dialog title={t("source.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("source.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => ({ ...(range.trim() ? {} : { range: t("source.range_missing") }), ...(reason.trim() ? {} : { reason: t("form.reason_missing") }) }),
            async () => {
              await call("source.declare", { range: range.trim(), reason: reason.trim(), vendor });
              done();
              onClose();
            },
          )
        }
      >
        <Input name="range" label={t("source.range")} help={t("source.range_help")} autocomplete="off" value={range} onValue={setRange} error={act.errors.range} maxLength={64} />
        <Area name="reason" label={t("form.reason")} value={reason} onValue={setReason} error={act.errors.reason} maxLength={1000} />
        <p class="muted">{t("source.then")}</p>
      </Form>
    </Dialog>
  );
}
