import { useEffect, useRef, useState } from "preact/hooks";
import { addressOf } from "../lib/call";
import { t, word } from "../lib/text";
import { Chip, Notice } from "../parts/basics";
import { FrameReader } from "./live_frames";
import { type LivePicture, LiveTerminals, LiveVideo } from "./live_pictures";

/** What the last frame said, or what happened without one. */
type End = "ended" | "viewer_slow" | "access_ended" | "failed" | "lost" | "refused";
const ends: readonly string[] = ["ended", "viewer_slow", "access_ended", "failed"];
const tones: Record<End, string> = { ended: "info", viewer_slow: "warn", access_ended: "bad", failed: "bad", lost: "warn", refused: "bad" };

/** D5: a live session as its recording is written. Opening it is an act: the technician is told. */
export function LiveView({ session, desktop, close }: { session: string; desktop: boolean; close: () => void }) {
  const stage = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLVideoElement>(null);
  const terminals = useRef<LiveTerminals | undefined>(undefined);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<"opening" | "live" | End>("opening");
  const [whole, setWhole] = useState(true);
  const [shows, setShows] = useState(false);
  const [channels, setChannels] = useState<number[]>([]);
  const [channel, setChannel] = useState<number>();

  useEffect(() => {
    let end: End | undefined;
    let opened = false;
    const finish = (why: End) => {
      end ??= why;
      setState(end);
    };
    const socket = new WebSocket(`wss://${location.host}${addressOf("session.watch", { session }).url}`);
    socket.binaryType = "arraybuffer";
    const place = stage.current as HTMLDivElement;
    let picture: LivePicture;
    if (desktop) picture = new LiveVideo(screen.current as HTMLVideoElement, () => setShows(true), () => (finish("failed"), socket.close()));
    else picture = terminals.current = new LiveTerminals(place, t("live.screen"), setChannels);
    const reader = new FrameReader();
    socket.onopen = () => {
      opened = true;
      setState("live");
    };
    socket.onmessage = ({ data }) => {
      try {
        for (const frame of reader.feed(new Uint8Array(data as ArrayBuffer))) {
          if (frame.kind === "e") setWhole(Boolean(JSON.parse(new TextDecoder().decode(frame.payload)).whole));
          else if (frame.kind === "z") {
            const { reason } = JSON.parse(new TextDecoder().decode(frame.payload)) as { reason: string };
            finish(ends.includes(reason) ? (reason as End) : "lost");
          } else picture.feed(frame);
        }
      } catch {
        finish("failed");
        socket.close();
      }
    };
    socket.onclose = () => finish(opened ? "lost" : "refused");
    return () => {
      end = "ended";
      socket.close();
      picture.dispose();
    };
  }, [session, round]);

  const again = () => {
    setState("opening");
    setShows(false);
    setChannels([]);
    setChannel(undefined);
    setRound(round + 1);
  };
  const over = state !== "opening" && state !== "live";
  return (
    <section class="player" aria-label={t("live.title")} data-live={state}>
      <div class="actions">
        {state === "live" && <Chip tone="bad" icon="eye">{t("live.now")}</Chip>}
        <button type="button" onClick={close}>{over ? t("live.close") : t("live.stop")}</button>
        {channels.length > 1 &&
          channels.map((one, i) => (
            <button
              type="button"
              key={one}
              aria-pressed={one === (channel ?? channels[0])}
              onClick={() => {
                setChannel(one);
                terminals.current?.show(one);
              }}
            >
              {t("live.channel", { n: i + 1 })}
            </button>
          ))}
      </div>
      <p role="status" class="muted">
        {state === "opening" ? t("live.opening") : state !== "live" ? "" : desktop && !shows ? t("live.first_picture") : whole ? "" : t("live.later")}
      </p>
      {over && (
        <div role="alert">
          <Notice tone={tones[state]} title={word("live.end", state)} actions={state !== "ended" && <button type="button" class="primary" onClick={again}>{t("live.again")}</button>} />
        </div>
      )}
      <div class="stage" ref={stage} tabIndex={0} role="group" aria-label={t("live.screen")}>
        {desktop && <video ref={screen} muted playsInline aria-label={t("live.screen")} />}
      </div>
    </section>
  );
}
