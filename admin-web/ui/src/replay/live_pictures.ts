import type { Terminal } from "@xterm/xterm";
import type { LiveFrame } from "./live_frames";
import { openTerminal, resizeTerminal } from "./terminal";

export interface LivePicture {
  feed(frame: LiveFrame): void;
  dispose(): void;
}

/** One terminal for each channel that shows something; a channel without one is shown as lines. */
export class LiveTerminals implements LivePicture {
  private readonly terminals = new Map<number, { terminal: Terminal; place: HTMLElement }>();
  private shown: number | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly label: string,
    private readonly opened: (channels: number[]) => void,
  ) {}

  feed({ kind, channel, payload }: LiveFrame): void {
    if (kind === "r") {
      const [columns, rows] = new TextDecoder().decode(payload).split("x").map(Number);
      resizeTerminal(this.of(channel, false), columns ?? 80, rows ?? 24);
    } else if (kind === "o" || kind === "b") {
      this.of(channel, kind === "b").write(payload);
    }
  }

  show(channel: number): void {
    this.shown = channel;
    for (const [number, { place }] of this.terminals) place.hidden = number !== channel;
  }

  private of(channel: number, lines: boolean): Terminal {
    const found = this.terminals.get(channel);
    if (found) return found.terminal;
    const place = document.createElement("div");
    this.element.append(place);
    const terminal = openTerminal(place, 80, 24, this.label, { lines });
    this.terminals.set(channel, { terminal, place });
    this.show(this.shown ?? channel);
    this.opened([...this.terminals.keys()]);
    return terminal;
  }

  dispose(): void {
    for (const { terminal, place } of this.terminals.values()) {
      terminal.dispose();
      place.remove();
    }
  }
}

/** Behind the newest picture by more than this, the player jumps to it. */
const behind_max_s = 0.7;
const kept_s = 30;

/** "avc1.64001e", as the head of the video says (ISO/IEC 14496-15, avcC). */
function codecOf(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 4096));
  const at = text.indexOf("avcC");
  if (at < 0 || bytes.length < at + 8) return undefined;
  return `avc1.${[...bytes.subarray(at + 5, at + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Where things are in a fragment's moof, as recorder/format/mp4.cpp writes it. */
const at_time = 60;
const at_count = 80;
const at_samples = 88;
const sample_bytes = 12;

/** Makes fragments follow each other without a hole: where nothing changed for a while there is one, and a browser
 * would drop what comes after it until the next key picture. What is live has no other time than now. */
class Joiner {
  private next = 0n;
  private rest = 0; // bytes of a fragment under way that are in frames to come

  join(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    let at = Math.min(this.rest, payload.length);
    this.rest -= at;
    while (at + 8 <= payload.length) {
      const size = view.getUint32(at);
      if (size < 8) throw new Error("box");
      if (String.fromCharCode(...payload.subarray(at + 4, at + 8)) === "moof") this.move(view, at);
      at += size;
      this.rest = Math.max(0, at - payload.length);
    }
  }

  private move(view: DataView, at: number): void {
    view.setBigUint64(at + at_time, this.next);
    const count = view.getUint32(at + at_count);
    for (let i = 0; i < count; i++) this.next += BigInt(view.getUint32(at + at_samples + i * sample_bytes));
  }
}

/** A video that never ends, shown at its end. */
export class LiveVideo implements LivePicture {
  private readonly source = new MediaSource();
  private readonly url = URL.createObjectURL(this.source);
  private buffer: SourceBuffer | undefined;
  private waiting: Uint8Array[] = [];
  private readonly joiner = new Joiner();

  constructor(
    private readonly element: HTMLVideoElement,
    began: () => void,
    private readonly failed: () => void,
  ) {
    this.source.addEventListener("sourceopen", () => this.pump(), { once: true });
    element.addEventListener("loadeddata", began, { once: true });
    element.src = this.url;
  }

  feed({ kind, payload }: LiveFrame): void {
    if (kind !== "v") return;
    this.joiner.join(payload);
    this.waiting.push(payload);
    this.pump();
  }

  private pump(): void {
    if (this.source.readyState !== "open" || this.waiting.length === 0) return;
    try {
      if (!this.buffer) {
        const codec = codecOf(this.waiting[0] as Uint8Array);
        if (!codec) return this.failed();
        this.buffer = this.source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
        this.buffer.addEventListener("updateend", () => this.updated());
        this.buffer.addEventListener("error", () => this.failed());
      }
      if (this.buffer.updating) return;
      const bytes = new Uint8Array(this.waiting.reduce((size, one) => size + one.length, 0));
      let at = 0;
      for (const one of this.waiting) {
        bytes.set(one, at);
        at += one.length;
      }
      this.waiting = [];
      this.buffer.appendBuffer(bytes);
    } catch {
      this.failed();
    }
  }

  private updated(): void {
    const { buffered } = this.element;
    if (buffered.length > 0) {
      const start = buffered.start(buffered.length - 1);
      const end = buffered.end(buffered.length - 1);
      const at = this.element.currentTime;
      if (at < start || end - at > behind_max_s) this.element.currentTime = Math.max(start, end - 0.1);
      if (this.element.paused) void this.element.play().catch(() => {});
      if (this.buffer && !this.buffer.updating && end - buffered.start(0) > 2 * kept_s && at > kept_s) return this.buffer.remove(0, end - kept_s);
    }
    this.pump();
  }

  dispose(): void {
    this.element.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }
}
