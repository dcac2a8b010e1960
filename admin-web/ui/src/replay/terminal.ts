import { Terminal } from "@xterm/xterm";
import xtermStyle from "@xterm/xterm/css/xterm.css";
import { call } from "../lib/call";

/** [microseconds, "o" output or "r" resize, text] */
export type Frame = readonly [number, "o" | "r", string];

/** What both kinds of recordings offer to the page's bar. */
export interface Picture {
  /** Shows the moment; resolves when it is on the screen. */
  show(at_ms: number): Promise<void>;
  dispose(): void;
}

/** xterm writes its rules into style elements, which the policy of our pages forbids: it gets elements that
 * do nothing, whose text feeds a constructed stylesheet. */
function withConstructedStyles<T>(make: () => T): T {
  const create = document.createElement.bind(document);
  const patched = (name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (name.toLowerCase() !== "style") return element;
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const inert = create("span");
    inert.hidden = true;
    const take = { get: () => "", set: (text: string) => void sheet.replaceSync(text) };
    Object.defineProperties(inert, { textContent: take, innerText: take });
    return inert;
  };
  document.createElement = patched as typeof document.createElement;
  try {
    return make();
  } finally {
    document.createElement = create;
  }
}

let styled = false;
function addStyle(): void {
  if (styled) return;
  styled = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(xtermStyle);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/** Operating-system commands that a screen has no use for: titles, links, clipboard, colours of the viewer's
 * own terminal, notifications; and the questions whose answers would hold what was sent before. */
const inert_osc = [0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 17, 19, 22, 50, 52, 104, 105, 110, 111, 112, 117, 119, 133, 633, 777, 1337];
const inert_dcs = [{ intermediates: "$", final: "q" }, { intermediates: "+", final: "q" }, { intermediates: "+", final: "p" }, { final: "q" }, { final: "{" }, { final: "|" }];

/** What repeats itself so often that a browser would be busy for hours; no program asks for it. */
const repeating = ["I", "L", "M", "S", "T", "Z", "b"];
const repeats_max = 10_000;

interface Manner {
  lines?: boolean; // a bare line feed also goes back to the first column
  typing?: boolean; // its keys are somebody's
}

/** A terminal that follows what a target sent, and does nothing else. Nobody sees it until it is opened. */
export function inertTerminal(columns: number, rows: number, { lines = false, typing = false }: Manner = {}): Terminal {
  const terminal = new Terminal({
    cols: columns,
    rows,
    disableStdin: !typing,
    scrollback: 1000,
    fontSize: 14,
    // Text in the colour of its ground is how a screen hides something.
    minimumContrastRatio: 4.5,
    convertEol: lines,
    allowProposedApi: false,
    linkHandler: { activate: () => {} },
    theme: { background: "#101820", foreground: "#e8eef0" },
  });
  for (const id of inert_osc) terminal.parser.registerOscHandler(id, () => true);
  for (const id of inert_dcs) terminal.parser.registerDcsHandler(id, () => true);
  for (const final of repeating) terminal.parser.registerCsiHandler({ final }, ([count]) => Number(count ?? 0) > repeats_max);
  return terminal;
}

/** A terminal that shows, and passes keys where somebody types. */
export function openTerminal(element: HTMLElement, columns: number, rows: number, label: string, manner: Manner = {}): Terminal {
  addStyle();
  const terminal = inertTerminal(columns, rows, manner);
  withConstructedStyles(() => terminal.open(element));
  const input = element.querySelector("textarea");
  input?.setAttribute("aria-label", label);
  if (!manner.typing) {
    input?.setAttribute("tabindex", "-1");
    input?.setAttribute("readonly", "");
  }
  return terminal;
}

/** Sizes as a hostile client may have announced them. */
export function resizeTerminal(terminal: Terminal, columns: number, rows: number): void {
  terminal.resize(Math.min(Math.max(2, columns), 500), Math.min(Math.max(1, rows), 200));
}

/** Of an empty terminal: makes it what it was at a moment. */
function begin(terminal: Terminal, columns: number, rows: number): void {
  terminal.reset();
  // A reset leaves what a target may have set.
  terminal.options.convertEol = false;
  resizeTerminal(terminal, columns, rows);
}

export function write(terminal: Terminal, text: string): Promise<void> {
  return new Promise((done) => (text ? terminal.write(text, done) : done()));
}

/** Everything between two frames, the second one excluded. */
export async function writeFrames(terminal: Terminal, frames: readonly Frame[], from: number, to: number): Promise<void> {
  let text = "";
  for (let i = from; i < to; i++) {
    const [, kind, data] = frames[i] as Frame;
    if (kind === "o") text += data;
    else {
      await write(terminal, text);
      text = "";
      const [columns, rows] = data.split("x").map(Number);
      resizeTerminal(terminal, columns ?? 80, rows ?? 24);
    }
  }
  await write(terminal, text);
}

/** [microseconds, columns, rows, text]: the text makes an empty terminal of this size show what it showed then. */
export type Snapshot = readonly [number, number, number, string];

export async function writeSnapshot(terminal: Terminal, [, columns, rows, text]: Snapshot): Promise<void> {
  begin(terminal, columns, rows);
  await write(terminal, text);
}

/** How many of the frames come until this moment, it included. */
export function framesUntil(frames: readonly Frame[], us: number): number {
  let low = 0;
  for (let high = frames.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as Frame)[0] > us) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Shown after a snapshot at least: what a reader may scroll back to is not in it. */
const behind_chars = 64 * 1024;

export class TerminalPicture implements Picture {
  private readonly terminal: Terminal;
  /** Of the text of the frames before each. */
  private readonly sums: number[] = [0];
  private next = 0;
  private base: Snapshot | undefined;

  constructor(
    element: HTMLElement,
    private readonly frames: readonly Frame[],
    private readonly snapshots: readonly Snapshot[],
    private readonly columns: number,
    private readonly rows: number,
    label: string,
  ) {
    this.terminal = openTerminal(element, columns, rows, label);
  }

  async show(at_ms: number): Promise<void> {
    const goal = framesUntil(this.frames, at_ms * 1000);
    const base = this.placeBefore(goal);
    const from = base ? framesUntil(this.frames, base[0]) : 0;
    if (goal < this.next || from > this.next) {
      // Whatever happens meanwhile, it is begun again.
      this.next = Number.POSITIVE_INFINITY;
      this.base = base;
      if (base) await writeSnapshot(this.terminal, base);
      else begin(this.terminal, this.columns, this.rows);
      this.next = from;
    }
    const done = this.next;
    this.next = Number.POSITIVE_INFINITY;
    await writeFrames(this.terminal, this.frames, done, goal);
    this.next = goal;
  }

  /** It was shown to be wrong: whether what stands on the screen came from it, and must be shown again. */
  forget(snapshot: Snapshot): boolean {
    if (this.base !== snapshot) return false;
    this.next = Number.POSITIVE_INFINITY;
    return true;
  }

  private placeBefore(goal: number): Snapshot | undefined {
    for (let i = this.sums.length; i <= this.frames.length; i++) {
      const [, kind, data] = this.frames[i - 1] as Frame;
      this.sums.push((this.sums[i - 1] as number) + (kind === "o" ? data.length : 0));
    }
    const enough = (this.sums[goal] as number) - behind_chars;
    return this.snapshots.findLast(([us]) => (this.sums[framesUntil(this.frames, us)] as number) <= enough);
  }

  dispose(): void {
    this.terminal.dispose();
  }
}

/** The pieces after the first, until the end. */
export async function restOfTerminal(view: string, key: string, next: number | null, frames: Frame[]): Promise<void> {
  for (let from = next; from !== null; ) {
    const piece = await call("recording.watch", { view, key, from }, { passive: true });
    frames.push(...(piece.frames as Frame[]));
    from = piece.next as number | null;
  }
}
