// Passkeys and security keys: what the server asks, put to the browser, and the answer in the form that stands
// where a code would (policies/core/passkey.h).
import { type Answer, call } from "./call";

/** Where there is a name: no passkey belongs to an address. */
export const hasPasskeys = () => "credentials" in navigator && "PublicKeyCredential" in window && /[a-z]/i.test(location.hostname);
export const isPasskeyUse = (code: string) => code.startsWith("passkey.");
/** The person closed the browser's window, or no key answered in time. */
export const isRefusal = (error: unknown) => error instanceof DOMException;

const bytes = (base64: unknown) => Uint8Array.from(atob(String(base64)), (letter) => letter.charCodeAt(0));
const base64 = (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const described = (names: unknown): PublicKeyCredentialDescriptor[] => ((names ?? []) as string[]).map((name) => ({ type: "public-key", id: bytes(name) }));

/** One use, for a login or a signature. */
export async function usePasskey(purpose: "login" | "sign"): Promise<string> {
  const asked: Answer = await call(purpose === "login" ? "passkey.challenge" : "passkey.sign", {});
  const credential = (await navigator.credentials.get({
    publicKey: { challenge: bytes(asked.challenge), rpId: String(asked.rp_id), allowCredentials: described(asked.allowed), userVerification: "preferred" },
  })) as PublicKeyCredential;
  const answer = credential.response as AuthenticatorAssertionResponse;
  const text = JSON.stringify({
    id: base64(credential.rawId),
    client_data: base64(answer.clientDataJSON),
    authenticator_data: base64(answer.authenticatorData),
    signature: base64(answer.signature),
  });
  return `passkey.${btoa(text)}`;
}

/** A new one, once both factors were proved. */
export async function makePasskey(factors: { password: string; code: string }, label: string): Promise<void> {
  const asked = await call("passkey.begin", { ...factors });
  const credential = (await navigator.credentials.create({
    publicKey: {
      challenge: bytes(asked.challenge),
      rp: { id: String(asked.rp_id), name: String(asked.site) },
      user: { id: bytes(asked.user), name: String(asked.login), displayName: String(asked.name) },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: described(asked.known),
      authenticatorSelection: { residentKey: "required", userVerification: "preferred" },
      attestation: "none",
    },
  })) as PublicKeyCredential;
  const answer = credential.response as AuthenticatorAttestationResponse;
  await call("passkey.add", {
    client_data: base64(answer.clientDataJSON),
    authenticator_data: base64(answer.getAuthenticatorData()),
    public_key: base64(answer.getPublicKey() ?? new ArrayBuffer(0)),
    label: label.trim() || undefined,
  });
}
