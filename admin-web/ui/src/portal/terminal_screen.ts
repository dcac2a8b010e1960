import type { Terminal } from "@xterm/xterm";
import { openTerminal, resizeTerminal } from "../replay/terminal";

const pause_ms = 100;
// biome-ignore lint: what a terminal would take for a key or an order, and a text has no use for.
const orders = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** A terminal as large as its place, whose keys, pastes and sizes go to `on`. */
export class TerminalScreen {
  readonly terminal: Terminal;
  private readonly watch: ResizeObserver;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly place: HTMLElement,
    label: string,
    on: { typed: (text: string) => void; sized: (columns: number, rows: number) => void; leave: () => void; pasted: (text: string) => void },
  ) {
    const terminal = openTerminal(place, 80, 24, label, { typing: true });
    this.terminal = terminal;
    terminal.onData(on.typed);
    terminal.onBinary(on.typed);
    terminal.attachCustomKeyEventHandler((event) => {
      // The way out for whoever has no mouse: everything else, Tab too, belongs to the session.
      if (event.key !== "F6" || !event.ctrlKey) return true;
      event.preventDefault();
      if (event.type === "keydown") on.leave();
      return false;
    });
    place.addEventListener(
      "paste",
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        const text = (event.clipboardData?.getData("text/plain") ?? "").replace(orders, "");
        if (!text) return;
        // Each line of it would be carried out as it arrives.
        if (/[\r\n]/.test(text.trimEnd()) && !terminal.modes.bracketedPasteMode) on.pasted(text);
        else terminal.paste(text);
      },
      true,
    );
    this.fit();
    this.watch = new ResizeObserver(() => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => {
        this.fit();
        on.sized(terminal.cols, terminal.rows);
      }, pause_ms);
    });
    this.watch.observe(place);
  }

  private fit(): void {
    const screen = this.place.querySelector<HTMLElement>(".xterm-screen");
    if (!screen || !screen.clientWidth || !screen.clientHeight) return;
    const style = getComputedStyle(this.place);
    const inner = (size: number, before: string, after: string) => size - Number.parseFloat(before) - Number.parseFloat(after);
    const width = inner(this.place.clientWidth, style.paddingLeft, style.paddingRight) - 14;
    const height = inner(this.place.clientHeight, style.paddingTop, style.paddingBottom);
    const { cols, rows } = this.terminal;
    resizeTerminal(this.terminal, Math.floor(width / (screen.clientWidth / cols)), Math.floor(height / (screen.clientHeight / rows)));
  }

  dispose(): void {
    clearTimeout(this.waiting);
    this.watch.disconnect();
    this.terminal.dispose();
  }
}
