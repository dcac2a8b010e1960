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

interface Manner {
  lines?: boolean; // a bare line feed also goes back to the first column
  typing?: boolean; // its keys are somebody's
}

/** A terminal that shows, and does nothing else but pass keys where somebody types: whatever is written to it was
 * sent by a target. */
export function openTerminal(element: HTMLElement, columns: number, rows: number, label: string, { lines = false, typing = false }: Manner = {}): Terminal {
  addStyle();
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
  withConstructedStyles(() => terminal.open(element));
  const input = element.querySelector("textarea");
  input?.setAttribute("aria-label", label);
  if (!typing) {
    input?.setAttribute("tabindex", "-1");
    input?.setAttribute("readonly", "");
  }
  return terminal;
}

/** Sizes as a hostile client may have announced them. */
export function resizeTerminal(terminal: Terminal, columns: number, rows: number): void {
  terminal.resize(Math.min(Math.max(2, columns), 500), Math.min(Math.max(1, rows), 200));
}

export class TerminalPicture implements Picture {
  private readonly terminal: Terminal;
  private next = 0;
  private at = -1;

  constructor(
    element: HTMLElement,
    private readonly frames: readonly Frame[],
    private readonly columns: number,
    private readonly rows: number,
    label: string,
  ) {
    this.terminal = openTerminal(element, columns, rows, label);
  }

  async show(at_ms: number): Promise<void> {
    if (at_ms < this.at) {
      this.terminal.reset();
      resizeTerminal(this.terminal, this.columns, this.rows);
      this.next = 0;
    }
    this.at = at_ms;
    let text = "";
    for (; this.next < this.frames.length; this.next++) {
      const [us, kind, data] = this.frames[this.next] as Frame;
      if (us > at_ms * 1000) break;
      if (kind === "o") text += data;
      else {
        await this.write(text);
        text = "";
        const [columns, rows] = data.split("x").map(Number);
        resizeTerminal(this.terminal, columns ?? 80, rows ?? 24);
      }
    }
    await this.write(text);
  }

  private write(text: string): Promise<void> {
    return new Promise((done) => (text ? this.terminal.write(text, done) : done()));
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
