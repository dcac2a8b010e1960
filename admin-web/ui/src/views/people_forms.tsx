import { useState } from "preact/hooks";
import { call } from "../lib/call";
import { t, word } from "../lib/text";
import { toUtc } from "../lib/time";
import { Area, Dialog, type Errors, Form, Input, Select, useAct } from "../parts/form";

/** The end and the limits of an auditor's role, as they are typed. */
export interface Limits {
  until: string;
  vendors: string;
  assets: string;
}
export const noLimits: Limits = { until: "", vendors: "", assets: "" };
const listed = (kind: string, names: string) => names.split(",").map((one) => one.trim()).filter(Boolean).map((name) => `${kind}:${name}`);
/** As they are sent; none: the auditor sees everything. */
export function sentLimits(f: Limits): { until: string | undefined; scope: string[] | undefined } {
  const scope = [...listed("vendor", f.vendors), ...listed("asset", f.assets)];
  return { until: f.until ? toUtc(`${f.until}T00:00`) : undefined, scope: scope.length ? scope : undefined };
}
export const checkLimits = (role: string, f: Limits): Errors => (role === "auditor" && !f.until ? { until: t("people.until_missing") } : {});
export function LimitFields({ role, value, onValue, errors }: { role: string; value: Limits; onValue: (value: Limits) => void; errors: Errors }) {
  const field = (name: keyof Limits) => ({ name, value: value[name], error: errors[name], onValue: (one: string) => onValue({ ...value, [name]: one }) });
  return (
    <>
      <Input {...field("until")} type="date" label={t("people.role_until")} optional={role !== "auditor"} help={t("people.role_until_help")} />
      {role === "auditor" && (
        <>
          <Input {...field("vendors")} label={t("limits.only_vendors")} optional help={t("limits.help")} autocomplete="off" maxLength={400} />
          <Input {...field("assets")} label={t("limits.only_assets")} optional autocomplete="off" maxLength={400} />
        </>
      )}
    </>
  );
}

export function AddPerson({ vendor, roles, onClose, done }: { vendor?: string; roles: readonly string[]; onClose: () => void; done: () => void }) {
  const [f, set] = useState({ first_name: "", last_name: "", login: "", mail: "", phone: "", role: roles[0] ?? "" });
  const [limits, setLimits] = useState(noLimits);
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
            () => ({ ...checkLimits(f.role, limits), ...Object.fromEntries((["first_name", "last_name", "login", "mail"] as const).filter((name) => !f[name].trim()).map((name) => [name, t("form.wants", { what: word("person_field", name) })])) }),
            async () => {
              await call("person.create", { ...f, phone: f.phone || undefined, vendor, ...(f.role === "auditor" ? sentLimits(limits) : {}) });
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
        {roles.length > 1 && <Select {...field("role")} label={t("people.role")} options={roles.map((role) => [role, word("role", role)])} />}
        {f.role === "auditor" && <LimitFields role={f.role} value={limits} onValue={setLimits} errors={act.errors} />}
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
