/** What the page says to ecluse-terminal and hears from it: one frame a message (docs/requests.md §3ter). */
export type Said =
  | { say: "session"; session: string; window: string; asset: string; account: string; until: string }
  | { say: "refused"; code: string; reason: string; next: string | null; action: string; reference: string; wait: boolean }
  | { say: "end"; reason: string; code: string; text: string }
  | { say: "watched"; watched: boolean }
  | { say: "paused"; paused: boolean };

export interface Hears {
  opened(): void;
  output(bytes: Uint8Array, shown: () => void): void;
  said(notice: Said): void;
  /** The last frame's reason; "refused" when it never opened, "lost" when the connection went without one. */
  over(reason: string): void;
}

const input_bytes_max = 4096;
/** The session goes on a quarter of what may wait for us: said sooner than it would stop. */
const shown_at = 64 * 1024;

export class TerminalLink {
  private readonly socket: WebSocket;
  private reason: string | undefined;
  private shown = 0;
  private stood = false;

  constructor(url: string, hears: Hears) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.stood = true;
      hears.opened();
    };
    this.socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data as ArrayBuffer);
      const payload = bytes.subarray(1);
      const kind = String.fromCharCode(bytes[0] ?? 0);
      if (kind === "o") hears.output(payload, () => this.note(payload.length));
      else if (kind === "n") hears.said(JSON.parse(new TextDecoder().decode(payload)) as Said);
      else if (kind === "e") this.reason = (JSON.parse(new TextDecoder().decode(payload)) as { reason: string }).reason;
    };
    this.socket.onclose = () => hears.over(this.reason ?? (this.stood ? "lost" : "refused"));
  }

  type(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += input_bytes_max) this.send("i", bytes.subarray(at, at + input_bytes_max));
  }
  resize(columns: number, rows: number): void {
    this.send("r", new Uint8Array([columns >> 8, columns & 255, rows >> 8, rows & 255]));
  }
  close(): void {
    this.socket.close();
  }

  private note(bytes: number): void {
    this.shown += bytes;
    if (this.shown < shown_at) return;
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, this.shown);
    this.shown = 0;
    this.send("s", count);
  }
  private send(kind: string, payload: Uint8Array): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const frame = new Uint8Array(1 + payload.length);
    frame[0] = kind.charCodeAt(0);
    frame.set(payload, 1);
    this.socket.send(frame);
  }
}
