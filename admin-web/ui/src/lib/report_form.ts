/** The technician's half of a report, as the page holds it: one answer per field of policies/report/form_fields.h. */
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

const required = ["symptom", "tests", "difficulties", "service_impact", "next_steps", "actual_nature", "outcome", "residual_data"] as const;
const questions = ["subcontractor_present", "escort_present", "rollback_done", "health_data_seen", "copies_taken", "incident"] as const;
const consequences: readonly (readonly [keyof ReportForm, keyof ReportForm])[] = [
  ["subcontractor_present", "subcontractor_name"],
  ["rollback_done", "rollback_detail"],
  ["copies_taken", "copies_detail"],
  ["incident", "incident_detail"],
];
const residual = ["residual_what", "residual_why", "residual_until"] as const;

/** The sections of the stored form, and whose answer each field is. */
const sections = {
  presence: ["subcontractor_present", "subcontractor_name", "escort_present"],
  request: ["actual_nature", "symptom"],
  result: ["outcome", "tests", "difficulties", "rollback_done", "rollback_detail", "service_impact"],
  data: ["health_data_seen", "copies_taken", "copies_detail", "residual_data", "residual_what", "residual_why", "residual_until", "incident", "incident_detail"],
  follow_up: ["next_steps", "next_date", "advice"],
  signature: ["comment"],
} as const satisfies Record<string, readonly (keyof ReportForm)[]>;

type Stored = Record<string, unknown>;
const answered = (value: unknown) => typeof value === "boolean" || (typeof value === "string" && value.trim() !== "");
const trimmed = (value: unknown) => (typeof value === "string" ? value.trim() : value);

/** What is kept and signed (docs/formats/report.md, section 2): answers only, those that another makes superfluous left out. */
export function toStored(report: string, form: ReportForm): Stored {
  const superfluous = new Set<string>(consequences.filter(([when]) => form[when] !== true).map(([, what]) => what));
  if (form.residual_data !== "left") for (const name of residual) superfluous.add(name);
  const kept = (from: object, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, (from as Stored)[name]]).filter(([name, value]) => answered(value) && !superfluous.has(name as string)).map(([name, value]) => [name, trimmed(value)]));
  const stored: Stored = { format: "ecluse-report-form/1", report };
  for (const [name, fields] of Object.entries(sections)) stored[name] = kept(form, fields);
  stored.operations = form.operations.map((one) => kept(one, Object.keys(one)));
  return stored;
}

/** The answers of a form that was kept or signed before. */
export function fromStored(stored: Stored): Partial<ReportForm> {
  const form: Stored = {};
  for (const [name, fields] of Object.entries(sections)) {
    const section = (stored[name] ?? {}) as Stored;
    for (const field of fields) if (answered(section[field])) form[field] = section[field];
  }
  const operations = stored.operations as Partial<Operation>[] | undefined;
  if (operations?.length) form.operations = operations.map((one) => ({ ...blankOperation(""), ...one }));
  return form as Partial<ReportForm>;
}

/** Names of the fields that still want an answer; those of an operation as "operations.0.item". */
export function missing(form: ReportForm): string[] {
  const found: string[] = [];
  for (const name of questions) if (form[name] === null) found.push(name);
  for (const name of required) if (!form[name].trim()) found.push(name);
  for (const [when, what] of consequences) if (form[when] === true && !String(form[what]).trim()) found.push(what);
  if (form.residual_data === "left") for (const name of residual) if (!form[name].trim()) found.push(name);
  if (form.operations.length === 0 && form.outcome !== "not_applicable") found.push("operations");
  form.operations.forEach((one, i) => {
    for (const name of ["at", "operation", "item"] as const) if (!one[name].trim()) found.push(`operations.${i}.${name}`);
  });
  return found;
}
