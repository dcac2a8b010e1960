/** SHA-256 (FIPS 180-4) of one text followed by many endings: crypto.subtle answers each by a promise,
 * which costs more than the work. */
const K = new Int32Array(64);
const H = new Int32Array(8);
{
  // Fractions of the square and cube roots of the first primes.
  let n = 0;
  for (let candidate = 2; n < 64; candidate++) {
    let prime = true;
    for (let d = 2; d * d <= candidate; d++) if (candidate % d === 0) prime = false;
    if (!prime) continue;
    if (n < 8) H[n] = (Math.sqrt(candidate) % 1) * 2 ** 32;
    K[n++] = (Math.cbrt(candidate) % 1) * 2 ** 32;
  }
}
const W = new Int32Array(64);

/** One block of 64 bytes into the state. */
function compress(state: Int32Array, block: Uint8Array, from: number): void {
  for (let i = 0, p = from; i < 16; i++, p += 4)
    W[i] = ((block[p] as number) << 24) | ((block[p + 1] as number) << 16) | ((block[p + 2] as number) << 8) | (block[p + 3] as number);
  for (let i = 16; i < 64; i++) {
    const a = W[i - 15] as number;
    const b = W[i - 2] as number;
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    W[i] = (W[i - 16] as number) + s0 + (W[i - 7] as number) + s1;
  }
  let a = state[0] as number, b = state[1] as number, c = state[2] as number, d = state[3] as number;
  let e = state[4] as number, f = state[5] as number, g = state[6] as number, h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] as number) + (W[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** Takes the common beginning once; `digest` gives the hash of it and an ending of at most 55 bytes. */
export class Sha256After {
  private readonly state = H.slice();
  private readonly rest: Uint8Array;
  private readonly length: number;
  private readonly block = new Uint8Array(128);
  private readonly work = new Int32Array(8);

  constructor(beginning: string) {
    const bytes = new TextEncoder().encode(beginning);
    this.length = bytes.length;
    const whole = bytes.length - (bytes.length % 64);
    for (let at = 0; at < whole; at += 64) compress(this.state, bytes, at);
    this.rest = bytes.slice(whole);
  }

  /** `ending` is ASCII. */
  digest(ending: string): Int32Array {
    const { block, rest, work } = this;
    block.fill(0);
    block.set(rest);
    let at = rest.length;
    for (let i = 0; i < ending.length; i++) block[at++] = ending.charCodeAt(i);
    block[at] = 0x80;
    const end = at + 9 > 64 ? 128 : 64;
    const bits = (this.length + ending.length) * 8;
    for (let i = 0; i < 4; i++) block[end - 1 - i] = (bits >>> (8 * i)) & 255;
    work.set(this.state);
    compress(work, block, 0);
    if (end === 128) compress(work, block, 64);
    return work;
  }
}

export function leadingZeroBits(digest: Int32Array): number {
  let bits = 0;
  for (const part of digest) {
    bits += Math.clz32(part);
    if (part !== 0) break;
  }
  return bits;
}
