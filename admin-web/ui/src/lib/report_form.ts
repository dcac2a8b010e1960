/** The technician's half of a report, as policyd reads it (TOML, policies/report/form_fields.h). */
export interface Operation {
  at: string;
  operation: string;
  item: string;
  old_version: string;
  new_version: string;
}
export interface ReportForm {
  subcontractor_present: boolean | null;
  subcontractor_name: string;
  escort_present: boolean | null;
  actual_nature: string;
  symptom: string;
  operations: Operation[];
  outcome: string;
  tests: string;
  difficulties: string;
  rollback_done: boolean | null;
  rollback_detail: string;
  service_impact: string;
  health_data_seen: boolean | null;
  copies_taken: boolean | null;
  copies_detail: string;
  residual_data: string;
  residual_what: string;
  residual_why: string;
  residual_until: string;
  incident: boolean | null;
  incident_detail: string;
  next_steps: string;
  next_date: string;
  advice: string;
  comment: string;
}
export const blankOperation = (at: string): Operation => ({ at, operation: "", item: "", old_version: "", new_version: "" });
export function blankForm(nature: string, at: string): ReportForm {
  return {
    subcontractor_present: null, subcontractor_name: "", escort_present: null, actual_nature: nature, symptom: "", operations: [blankOperation(at)],
    outcome: "", tests: "", difficulties: "", rollback_done: null, rollback_detail: "", service_impact: "", health_data_seen: null,
    copies_taken: null, copies_detail: "", residual_data: "", residual_what: "", residual_why: "", residual_until: "", incident: null,
    incident_detail: "", next_steps: "", next_date: "", advice: "", comment: "",
  };
}

/** A TOML basic string: JSON's escapes are TOML's too, but for DEL and for halves of a pair. */
export function tomlText(text: string): string {
  return JSON.stringify(text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")).replace(/\u007f/g, "\\u007F");
}

type Value = string | boolean | null;
export function toToml(report: string, form: ReportForm): string {
  const lines: string[] = [`format = "ecluse-report-form/1"`, `report = ${tomlText(report)}`];
  const put = (name: string, value: Value) => {
    if (typeof value === "boolean") lines.push(`${name} = ${value}`);
    else if (value?.trim()) lines.push(`${name} = ${tomlText(value.trim())}`);
  };
  const section = (name: string, fields: Record<string, Value>) => {
    lines.push(`[${name}]`);
    for (const [key, value] of Object.entries(fields)) put(key, value);
  };
  // An answer that another makes superfluous is not sent, whatever was typed before.
  const when = (on: boolean | null, text: string) => (on ? text : "");
  const left = form.residual_data === "left";
  section("presence", { subcontractor_present: form.subcontractor_present, subcontractor_name: when(form.subcontractor_present, form.subcontractor_name), escort_present: form.escort_present });
  section("request", { actual_nature: form.actual_nature, symptom: form.symptom });
  section("result", { outcome: form.outcome, tests: form.tests, difficulties: form.difficulties, rollback_done: form.rollback_done, rollback_detail: when(form.rollback_done, form.rollback_detail), service_impact: form.service_impact });
  section("data", {
    health_data_seen: form.health_data_seen, copies_taken: form.copies_taken, copies_detail: when(form.copies_taken, form.copies_detail),
    residual_data: form.residual_data, residual_what: when(left, form.residual_what), residual_why: when(left, form.residual_why), residual_until: when(left, form.residual_until),
    incident: form.incident, incident_detail: when(form.incident, form.incident_detail),
  });
  section("follow_up", { next_steps: form.next_steps, next_date: form.next_date, advice: form.advice });
  section("signature", { comment: form.comment });
  for (const one of form.operations) {
    lines.push("[[operations]]");
    for (const [key, value] of Object.entries(one)) put(key, value as string);
  }
  return `${lines.join("\n")}\n`;
}

const required = ["symptom", "tests", "difficulties", "service_impact", "next_steps", "actual_nature", "outcome", "residual_data"] as const;
const questions = ["subcontractor_present", "escort_present", "rollback_done", "health_data_seen", "copies_taken", "incident"] as const;
const consequences: readonly (readonly [keyof ReportForm, keyof ReportForm])[] = [
  ["subcontractor_present", "subcontractor_name"],
  ["rollback_done", "rollback_detail"],
  ["copies_taken", "copies_detail"],
  ["incident", "incident_detail"],
];
/** Names of the fields that still want an answer; those of an operation as "operations.0.item". */
export function missing(form: ReportForm): string[] {
  const found: string[] = [];
  for (const name of questions) if (form[name] === null) found.push(name);
  for (const name of required) if (!form[name].trim()) found.push(name);
  for (const [when, what] of consequences) if (form[when] === true && !String(form[what]).trim()) found.push(what);
  if (form.residual_data === "left") for (const name of ["residual_what", "residual_why", "residual_until"] as const) if (!form[name].trim()) found.push(name);
  if (form.operations.length === 0 && form.outcome !== "not_applicable") found.push("operations");
  form.operations.forEach((one, i) => {
    for (const name of ["at", "operation", "item"] as const) if (!one[name].trim()) found.push(`operations.${i}.${name}`);
  });
  return found;
}
