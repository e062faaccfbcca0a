import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../telemetry/clock.ts";

export interface SignedLink {
  /** Seconds since the epoch. */
  readonly expires: string;
  readonly signature: string;
}

/** Ends are rounded up to this, so that the same output has the same link for a while and browsers can keep it. */
const roundSeconds = 300;

interface LinkSignerParams {
  readonly secret: string;
  readonly lifeSeconds: number;
  readonly clock: Pick<Clock, "now">;
}

/** Links that let whoever has them read one path for a while, and nothing else. */
export class LinkSigner {
  readonly #params: LinkSignerParams;

  constructor(params: LinkSignerParams) {
    this.#params = params;
  }

  /** @param path as in the URL, without query */
  sign(path: string): string {
    const { clock, lifeSeconds } = this.#params;
    const end = Math.ceil((clock.now() / 1000 + lifeSeconds) / roundSeconds) * roundSeconds;
    return `${path}?expires=${end}&signature=${this.#signature(path, String(end))}`;
  }

  check(path: string, { expires, signature }: SignedLink): "valid" | "expired" | "forged" {
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#signature(path, expires))];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return "forged";
    return Number(expires) * 1000 > this.#params.clock.now() ? "valid" : "expired";
  }

  #signature(path: string, expires: string): string {
    return createHmac("sha256", this.#params.secret).update(`${path}\n${expires}`).digest("base64url");
  }
}
