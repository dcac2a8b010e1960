/** What a live session sends: the recording's own frames (docs/requests.md §4.1), in pieces of any size. */
export interface LiveFrame {
  kind: string;
  channel: number;
  payload: Uint8Array;
}

const head_bytes = 15;
const frame_bytes_max = 1024 * 1024 + head_bytes;

export class FrameReader {
  private rest = new Uint8Array(0);

  feed(piece: Uint8Array): LiveFrame[] {
    const bytes = new Uint8Array(this.rest.length + piece.length);
    bytes.set(this.rest);
    bytes.set(piece, this.rest.length);
    const view = new DataView(bytes.buffer);
    const frames: LiveFrame[] = [];
    let at = 0;
    while (bytes.length - at >= head_bytes) {
      const size = 4 + view.getUint32(at);
      if (size < head_bytes || size > frame_bytes_max) throw new Error("frame");
      if (bytes.length - at < size) break;
      frames.push({ kind: String.fromCharCode(view.getUint8(at + 4)), channel: view.getUint16(at + 5), payload: bytes.slice(at + head_bytes, at + size) });
      at += size;
    }
    this.rest = bytes.slice(at);
    return frames;
  }
}
