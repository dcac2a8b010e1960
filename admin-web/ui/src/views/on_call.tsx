import type { Answer } from "../lib/call";
import { useCall } from "../lib/live";
import { t } from "../lib/text";
import { showMoment } from "../lib/time";
import { Raw } from "../parts/basics";

/** Whom to telephone now: who of the hospital is on call, or else its own number. */
export function OnCall() {
  const { data } = useCall("oncall.now", {}, ["oncall"]);
  const people = (data?.on_call ?? []) as Answer[];
  if (!data) return null;
  if (people.length === 0) return <p>{t("oncall.site", { phone: String(data.phone || "–") })}</p>;
  return (
    <ul class="plain">
      {people.map((one) => (
        <li key={one.phone}>
          <strong>
            <Raw text={one.phone} />
          </strong>{" "}
          – <Raw text={one.name} /> <span class="muted">{t("oncall.until", { at: showMoment(one.until) })}</span>
        </li>
      ))}
    </ul>
  );
}
