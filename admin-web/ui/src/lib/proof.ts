import { type Answer, call } from "./call";

/** Proof of work before a login or an enrolment: no picture, no third party. The worker's address goes
 * through the one trusted-types policy that the server allows, and that knows no other address. */
declare const WORKER_URL: string;
interface Policy {
  createScriptURL(url: string): string;
}
let policy: Policy | undefined;
function trusted(url: string): string {
  const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
  policy ??= factory?.createPolicy("ecluse", {
    createScriptURL: (asked) => {
      if (asked === WORKER_URL) return asked;
      throw new TypeError("not a script of ours");
    },
  });
  return policy ? policy.createScriptURL(url) : url;
}

export interface Proof {
  challenge: string;
  solution: string;
}
type Asked = "login" | "enrol.begin" | "enrol.confirm";

function solve(challenge: Answer): Promise<string> {
  const worker = new Worker(trusted(WORKER_URL));
  return new Promise<string>((done, failed) => {
    worker.onmessage = ({ data }) => done(data as string);
    worker.onerror = () => failed(new Error("worker"));
    worker.postMessage({ challenge: challenge.challenge, bits: challenge.bits });
  }).finally(() => worker.terminate());
}

/** One at a time for a form: begun early (on focus), used once, begun again when it is too old. */
export class ProofMaker {
  private made: Promise<Proof> | undefined;
  private until = 0;
  constructor(private readonly request: Asked) {}

  begin(): void {
    if (this.made && Date.now() < this.until) return;
    this.until = Date.now() + 90_000;
    const made = this.fetch();
    // Whoever takes it hears of the failure; until then nobody waits.
    made.catch(() => {
      if (this.made === made) this.made = undefined;
    });
    this.made = made;
  }
  async take(): Promise<Proof> {
    this.begin();
    const made = this.made as Promise<Proof>;
    this.made = undefined;
    return made;
  }
  private async fetch(): Promise<Proof> {
    const challenge = await call("web.challenge", { for: this.request });
    this.until = Date.now() + (Number(challenge.life_s) - 30) * 1000;
    return { challenge: String(challenge.challenge), solution: await solve(challenge) };
  }
}
