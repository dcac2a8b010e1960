import { Sha256After, leadingZeroBits } from "./lib/sha256";

/** Solves the server's challenge away from the page, which stays awake: a number such that the digest of
 * "challenge.number" begins with enough zero bits. */
onmessage = ({ data }: MessageEvent<{ challenge: string; bits: number }>) => {
  const hash = new Sha256After(`${data.challenge}.`);
  for (let n = 0; ; n++)
    if (leadingZeroBits(hash.digest(String(n))) >= data.bits) {
      postMessage(String(n));
      return;
    }
};
