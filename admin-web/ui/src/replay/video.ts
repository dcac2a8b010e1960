import { call } from "../lib/call";
import { fromBase64 } from "../lib/der";
import type { Picture } from "./terminal";

export interface Video {
  start_ms: number;
  width: number;
  height: number;
  codec: string;
  beginning: string;
  /** [milliseconds of the video, segment]: where it can begin. */
  places: [number, number][];
}

/** Fetched ahead of what is shown, so that a slow line does not stop the picture. */
const ahead_ms = 20_000;

/** A video that is fetched and decrypted where it is looked at: one request between two places. */
export class VideoPicture implements Picture {
  private readonly source = new MediaSource();
  private readonly url = URL.createObjectURL(this.source);
  private readonly buffer: Promise<SourceBuffer>;
  private readonly held = new Map<number, Promise<void>>();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly element: HTMLVideoElement,
    private readonly video: Video,
    length_ms: number,
    private readonly view: string,
    private readonly key: string,
  ) {
    this.buffer = new Promise((done, fail) => {
      this.source.addEventListener("sourceopen", () => {
        try {
          const buffer = this.source.addSourceBuffer(`video/mp4; codecs="${video.codec}"`);
          this.source.duration = Math.max(1, length_ms - video.start_ms) / 1000;
          this.append(buffer, fromBase64(video.beginning)).then(() => done(buffer), fail);
        } catch (error) {
          fail(error);
        }
      }, { once: true });
    });
    element.src = this.url;
  }

  private append(buffer: SourceBuffer, bytes: BufferSource): Promise<void> {
    return new Promise((done, fail) => {
      buffer.addEventListener("updateend", () => done(), { once: true });
      buffer.addEventListener("error", () => fail(new Error("video")), { once: true });
      buffer.appendBuffer(bytes);
    });
  }

  private placeOf(at_ms: number): number {
    let found = 0;
    for (const [i, [ms]] of this.video.places.entries()) if (ms <= at_ms) found = i;
    return found;
  }

  private hold(index: number): Promise<void> {
    const place = this.video.places[index];
    if (!place) return Promise.resolve();
    let loading = this.held.get(index);
    if (!loading) {
      loading = this.load(place, this.video.places[index + 1]?.[0] ?? 0).catch((error: unknown) => {
        this.held.delete(index);
        throw error;
      });
      this.held.set(index, loading);
    }
    return loading;
  }

  private async load([from_ms, from]: [number, number], to_ms: number): Promise<void> {
    const { bytes } = await call("recording.video", { view: this.view, key: this.key, from, from_ms, to_ms }, { passive: true });
    const buffer = await this.buffer;
    // One append at a time.
    this.last = this.last.then(() => this.append(buffer, bytes as ArrayBuffer));
    await this.last;
  }

  async show(at_ms: number): Promise<void> {
    const at = Math.max(0, at_ms - this.video.start_ms);
    const index = this.placeOf(at);
    await this.hold(index);
    const following = this.video.places[index + 1];
    if (following && following[0] - at < ahead_ms) void this.hold(index + 1).catch(() => {});
    const seconds = at / 1000;
    if (Math.abs(this.element.currentTime - seconds) < 0.02) return;
    await new Promise<void>((done) => {
      this.element.addEventListener("seeked", () => done(), { once: true });
      this.element.currentTime = seconds;
    });
  }

  dispose(): void {
    this.element.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }
}
