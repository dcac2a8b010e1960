/** The few structures of ASN.1 that a key file and a wrapped key are made of (X.690, definite lengths). */
export interface Der {
  tag: number;
  body: Uint8Array<ArrayBuffer>;
  /** Tag and length included. */
  whole: Uint8Array<ArrayBuffer>;
}

export class DerFault extends Error {}

export function readDer(bytes: Uint8Array<ArrayBuffer>): Der {
  const tag = bytes[0];
  let length = bytes[1];
  if (tag === undefined || length === undefined) throw new DerFault("short");
  let at = 2;
  if (length > 0x80 && length <= 0x84) {
    const more = length - 0x80;
    length = 0;
    for (let i = 0; i < more; i++) length = length * 256 + (bytes[at + i] ?? 0);
    at += more;
  } else if (length >= 0x80) throw new DerFault("length");
  if (at + length > bytes.length) throw new DerFault("short");
  return { tag, body: bytes.subarray(at, at + length), whole: bytes.subarray(0, at + length) };
}

export function parts(node: Der): Der[] {
  const found: Der[] = [];
  for (let rest = node.body; rest.length > 0; ) {
    const one = readDer(rest);
    found.push(one);
    rest = rest.subarray(one.whole.length);
  }
  return found;
}

export function part(node: Der, index: number, tag?: number): Der {
  const found = parts(node)[index];
  if (!found || (tag !== undefined && found.tag !== tag)) throw new DerFault(`part ${index}`);
  return found;
}

export const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const oid = (node: Der) => (node.tag === 0x06 ? hex(node.body) : "");

export function integer(node: Der): number {
  if (node.tag !== 0x02 || node.body.length > 5) throw new DerFault("integer");
  return node.body.reduce((value, byte) => value * 256 + byte, 0);
}

/** An octet string, in one piece or in several. */
export function octets(node: Der): Uint8Array<ArrayBuffer> {
  if ((node.tag & 0x20) === 0) return node.body;
  const pieces = parts(node).map(octets);
  return join(...pieces);
}

export function join(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
}
export const toBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

/** Length and tag before a body. */
export function writeDer(tag: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  if (body.length > 0x7f) throw new DerFault("longer than anything written here");
  return join(new Uint8Array([tag, body.length]), body);
}
