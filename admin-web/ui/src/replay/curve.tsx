import { plural, t } from "../lib/text";
import { clockOf } from "./clock";

export interface Activity {
  slice_ms: number;
  /** Strokes, and bytes of what was shown, slice by slice. */
  typed: number[];
  shown: number[];
}

const height = 40;
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

/** A clear of the screen is not a thousand times a letter to the eye. */
function scaled(values: readonly number[]): number[] {
  const most = Math.log1p(Math.max(1, ...values));
  return values.map((one) => (Math.log1p(one) / most) * height);
}

/** The longest run of slices in which nothing was typed or shown, as [first, after the last]. */
export function longestCalm({ typed, shown }: Activity, slices: number): [number, number] {
  let best: [number, number] = [0, 0];
  let from = 0;
  for (let i = 0; i <= slices; i++) {
    if (i < slices && !typed[i] && !shown[i]) continue;
    if (i - from > best[1] - best[0]) best = [from, i];
    from = i + 1;
  }
  return best;
}

/** The same in words: what the curve shows at a glance. */
function words(activity: Activity, slices: number, length: number): string {
  const { slice_ms, typed, shown } = activity;
  const strokes = sum(typed);
  const told = [strokes > 0 ? plural("replay.curve_strokes", strokes, { at: clockOf(typed.indexOf(Math.max(...typed)) * slice_ms) }) : t("replay.curve_no_stroke")];
  if (sum(shown) > 0) told.push(t("replay.curve_shown", { at: clockOf(shown.indexOf(Math.max(...shown)) * slice_ms) }));
  const [from, to] = longestCalm(activity, slices);
  if (to - from > 1) told.push(t("replay.curve_calm", { from: clockOf(from * slice_ms), to: clockOf(Math.min(to * slice_ms, length)) }));
  return told.join(" ");
}

/** When something was typed and shown, under the bar: the reader sees where to look. */
export function Curve({ activity, length, at }: { activity: Activity; length: number; at: number }) {
  const slices = Math.max(1, Math.ceil(length / activity.slice_ms));
  const shown = scaled(activity.shown);
  const typed = scaled(activity.typed);
  const now = (at / activity.slice_ms).toFixed(2);
  return (
    <figure class="curve">
      <svg viewBox={`0 0 ${slices} ${height}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <path class="shown" d={`M0 ${height}${shown.map((y, i) => `L${i} ${(height - y).toFixed(1)}H${i + 1}`).join("")}V${height}Z`} />
        <path class="typed" d={typed.map((y, i) => (y > 0 ? `M${i + 0.5} ${height}V${(height - y).toFixed(1)}` : "")).join("")} />
        <path class="now" d={`M${now} 0V${height}`} />
      </svg>
      <figcaption class="muted">{words(activity, slices, length)}</figcaption>
    </figure>
  );
}
