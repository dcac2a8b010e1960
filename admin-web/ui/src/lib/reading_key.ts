import { leaving } from "../parts/session";
import { type Der, DerFault, fromBase64, integer, join, octets, oid, part, parts, readDer, toBase64, writeDer } from "./der";

/** The RSSI's private key in this page: opened once, by WebCrypto, never to leave it again, forgotten when
 * the session ends. It unwraps the content key of one recording at a time (docs/formats/recording.md). */
let opened: CryptoKey | undefined;
leaving.add(() => {
  opened = undefined;
});
export const hasReadingKey = () => opened !== undefined;
export const forgetReadingKey = () => void (opened = undefined);

export type KeyFault = "file" | "passphrase" | "algorithm" | "other";
export class KeyError extends Error {
  constructor(readonly why: KeyFault) {
    super(why);
  }
}

const oids = {
  data: "2a864886f70d010701",
  shrouded: "2a864886f70d010c0a0102",
  pbes2: "2a864886f70d01050d",
  pbkdf2: "2a864886f70d01050c",
  rsa: "2a864886f70d010101",
  oaep: "2a864886f70d010107",
  ec: "2a8648ce3d0201",
  p384: "2b81040022",
  ecdhSha256: "2b8104010b01",
  aes256wrap: "60864801650304012d",
  aes256gcm: "60864801650304012e",
  authEnveloped: "2a864886f70d0109100117",
} as const;
const hashes: Record<string, string> = { "2a864886f70d0207": "SHA-1", "2a864886f70d0209": "SHA-256", "2a864886f70d020a": "SHA-384", "2a864886f70d020b": "SHA-512" };
const ciphers: Record<string, number> = { "60864801650304012a": 256, "608648016503040116": 192, "608648016503040102": 128 };

/** EncryptedPrivateKeyInfo (RFC 5958) under PBES2 (RFC 8018). */
async function decryptKey(info: Der, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = part(info, 0, 0x30);
  if (oid(part(algorithm, 0)) !== oids.pbes2) throw new KeyError("algorithm");
  const [derivation, encryption] = parts(part(algorithm, 1, 0x30));
  if (!derivation || !encryption || oid(part(derivation, 0)) !== oids.pbkdf2) throw new KeyError("algorithm");
  const [salt, rounds, ...rest] = parts(part(derivation, 1, 0x30));
  if (!salt || !rounds) throw new KeyError("file");
  const prf = rest.find((one) => one.tag === 0x30);
  const hash = prf ? hashes[oid(part(prf, 0))] : "SHA-1";
  const bits = ciphers[oid(part(encryption, 0))];
  if (!hash || !bits) throw new KeyError("algorithm");
  const words = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey({ name: "PBKDF2", hash, salt: octets(salt), iterations: integer(rounds) }, words, { name: "AES-CBC", length: bits }, false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: octets(part(encryption, 1, 0x04)) }, key, octets(part(info, 1, 0x04))));
  } catch {
    throw new KeyError("passphrase");
  }
}

/** The encrypted key of a PKCS#12 file (RFC 7292). */
function shroudedKey(file: Der): Der {
  const safes = readDer(octets(part(part(part(file, 1, 0x30), 1, 0xa0), 0)));
  for (const content of parts(safes)) {
    if (oid(part(content, 0)) !== oids.data) continue;
    for (const bag of parts(readDer(octets(part(part(content, 1, 0xa0), 0)))))
      if (oid(part(bag, 0)) === oids.shrouded) return part(part(bag, 1, 0xa0), 0, 0x30);
  }
  throw new KeyError("file");
}

async function importKey(pkcs8: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const algorithm = part(readDer(pkcs8), 1, 0x30);
  const kind = oid(part(algorithm, 0));
  if (kind === oids.rsa) return crypto.subtle.importKey("pkcs8", pkcs8, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["decrypt"]);
  if (kind === oids.ec && oid(part(algorithm, 1)) === oids.p384) return crypto.subtle.importKey("pkcs8", pkcs8, { name: "ECDH", namedCurve: "P-384" }, false, ["deriveBits"]);
  throw new KeyError("algorithm");
}

/** PKCS#12 as eclusectl makes it, or PEM "ENCRYPTED PRIVATE KEY". */
export async function openReadingKey(file: ArrayBuffer, passphrase: string): Promise<void> {
  try {
    const bytes = new Uint8Array(file);
    const pem = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]+)-----END/.exec(new TextDecoder("latin1").decode(bytes));
    const info = pem?.[1] ? readDer(fromBase64(pem[1])) : shroudedKey(readDer(bytes));
    const clear = await decryptKey(info, passphrase);
    try {
      opened = await importKey(clear);
    } finally {
      clear.fill(0);
    }
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError(error instanceof DerFault ? "file" : "passphrase");
  }
}

/** RFC 5753: ECDH, the X9.63 derivation with SHA-256, AES-256 key wrap. */
async function agreedKey(recipient: Der, key: CryptoKey): Promise<CryptoKey> {
  const fields = parts(recipient);
  const originator = fields.find((one) => one.tag === 0xa0);
  const algorithm = fields.find((one) => one.tag === 0x30);
  const keys = fields.at(-1);
  if (!originator || !algorithm || !keys) throw new KeyError("file");
  const wrap = part(algorithm, 1, 0x30);
  if (oid(part(algorithm, 0)) !== oids.ecdhSha256 || oid(part(wrap, 0)) !== oids.aes256wrap) throw new KeyError("algorithm");
  const point = part(part(originator, 0, 0xa1), 1, 0x03).body.subarray(1);
  const theirs = await crypto.subtle.importKey("raw", point, { name: "ECDH", namedCurve: "P-384" }, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, key, 384));
  const extra = fields.find((one) => one.tag === 0xa1);
  const about = join(wrap.whole, extra ? extra.whole : new Uint8Array(), writeDer(0xa2, writeDer(0x04, new Uint8Array([0, 0, 1, 0]))));
  const info = about.length > 0x7f ? join(new Uint8Array([0x30, 0x81, about.length]), about) : writeDer(0x30, about);
  const derived = await crypto.subtle.digest("SHA-256", join(shared, new Uint8Array([0, 0, 0, 1]), info));
  shared.fill(0);
  const wrapping = await crypto.subtle.importKey("raw", derived, "AES-KW", false, ["unwrapKey"]);
  return crypto.subtle.unwrapKey("raw", octets(part(part(keys, 0, 0x30), 1, 0x04)), wrapping, "AES-KW", "AES-GCM", false, ["decrypt"]);
}

async function transportedKey(recipient: Der, key: CryptoKey): Promise<CryptoKey> {
  if (oid(part(part(recipient, 2, 0x30), 0)) !== oids.oaep) throw new KeyError("algorithm");
  const clear = await crypto.subtle.decrypt("RSA-OAEP", key, octets(part(recipient, 3, 0x04)));
  return crypto.subtle.importKey("raw", clear, "AES-GCM", false, ["decrypt"]);
}

/** CMS AuthEnvelopedData (RFC 5083, RFC 5084) with one recipient. */
async function unwrap(cms: Uint8Array<ArrayBuffer>, key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
  const message = readDer(cms);
  if (oid(part(message, 0)) !== oids.authEnveloped) throw new KeyError("file");
  const fields = parts(part(part(message, 1, 0xa0), 0, 0x30));
  const recipient = part(fields.find((one) => one.tag === 0x31) as Der, 0);
  const content = fields.find((one) => one.tag === 0x30);
  const mac = fields.find((one) => one.tag === 0x04);
  if (!content || !mac || fields.some((one) => one.tag === 0xa1)) throw new KeyError("file");
  const agreed = recipient.tag === 0xa1;
  if (agreed !== (key.algorithm.name === "ECDH")) throw new KeyError("other");
  const inner = agreed ? await agreedKey(recipient, key) : await transportedKey(recipient, key);
  const algorithm = part(content, 1, 0x30);
  if (oid(part(algorithm, 0)) !== oids.aes256gcm) throw new KeyError("algorithm");
  const iv = octets(part(part(algorithm, 1, 0x30), 0, 0x04));
  const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv, tagLength: mac.body.length * 8 }, inner, join(octets(part(content, 2)), mac.body));
  return new Uint8Array(clear);
}

/** The content key of one recording, as the server takes it, from whichever of its envelopes this key opens. */
export async function contentKey(envelopes: readonly { cms: string }[]): Promise<string> {
  if (!opened) throw new KeyError("other");
  for (const { cms } of envelopes) {
    try {
      const clear = await unwrap(fromBase64(cms), opened);
      const text = toBase64(clear);
      clear.fill(0);
      return text;
    } catch {
      // The other recipient's.
    }
  }
  throw new KeyError("other");
}
