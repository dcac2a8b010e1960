import type { IBuffer, IBufferCell, Terminal } from "@xterm/xterm";
import { type Frame, type Snapshot, framesUntil, inertTerminal, writeFrames, writeSnapshot } from "./terminal";

/** Written at once; in between, the page does what else it has to. */
const piece_frames = 200;

function looks(cell: IBufferCell): string {
  const marks = [cell.isBold(), cell.isItalic(), cell.isDim(), cell.isUnderline(), cell.isBlink(), cell.isInverse(), cell.isInvisible(), cell.isStrikethrough(), cell.isOverline()];
  return `${cell.getChars() || " "}|${cell.getWidth()}|${cell.getFgColorMode()}:${cell.getFgColor()}|${cell.getBgColorMode()}:${cell.getBgColor()}|${marks.map(Boolean).map(Number).join("")}`;
}

function sameBuffer(one: IBuffer, other: IBuffer, columns: number, rows: number): boolean {
  let [a, b] = [one.getNullCell(), other.getNullCell()];
  for (let y = 0; y < rows; y++) {
    const [first, second] = [one.getLine(one.baseY + y), other.getLine(other.baseY + y)];
    for (let x = 0; x < columns; x++) {
      a = first?.getCell(x, a) ?? a;
      b = second?.getCell(x, b) ?? b;
      if (looks(a) !== looks(b)) return false;
    }
  }
  return one.cursorX === other.cursorX && one.cursorY === other.cursorY;
}

/** Text, colours, attributes, cursor, and which of the two screens it is. */
export function sameScreen(one: Terminal, other: Terminal): boolean {
  const { cols, rows } = one;
  if (cols !== other.cols || rows !== other.rows || one.buffer.active.type !== other.buffer.active.type) return false;
  if (!sameBuffer(one.buffer.active, other.buffer.active, cols, rows)) return false;
  // The normal screen's own cursor is not kept while the other one shows.
  return one.buffer.active.type === "normal" || sameBuffer(one.buffer.normal, other.buffer.normal, cols, rows);
}

/**
 * The recording from its beginning, in an emulator like the page's that nobody sees. A snapshot that does not show what
 * the whole shows, or from which the next one is not reached, is told: whoever wrote to the terminal knew how to make
 * the two differ.
 */
export class SnapshotProof {
  private stopped = false;

  constructor(
    private readonly frames: readonly Frame[],
    private readonly columns: number,
    private readonly rows: number,
  ) {}

  async run(snapshots: readonly Snapshot[], wrong: (snapshot: Snapshot) => void): Promise<void> {
    const whole = inertTerminal(this.columns, this.rows);
    const resumed = inertTerminal(this.columns, this.rows);
    try {
      let at = 0;
      let before: Snapshot | undefined;
      for (const snapshot of snapshots) {
        const to = framesUntil(this.frames, snapshot[0]);
        await this.follow(whole, at, to);
        if (before) {
          await this.follow(resumed, at, to);
          if (this.stopped) return;
          if (!sameScreen(whole, resumed)) wrong(before);
        }
        await writeSnapshot(resumed, snapshot);
        if (this.stopped) return;
        before = snapshot;
        if (!sameScreen(whole, resumed)) {
          wrong(snapshot);
          before = undefined;
        }
        at = to;
      }
    } finally {
      whole.dispose();
      resumed.dispose();
    }
  }

  private async follow(terminal: Terminal, from: number, to: number): Promise<void> {
    for (let at = from; at < to && !this.stopped; at += piece_frames) await writeFrames(terminal, this.frames, at, Math.min(at + piece_frames, to));
  }

  stop(): void {
    this.stopped = true;
  }
}
