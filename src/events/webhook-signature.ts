import { createHmac } from "node:crypto";

const prefix = "whsec_";

export interface SignedMessage {
  readonly id: string;
  /** When it is sent, in seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers that prove to a receiver who sent a message and when (Standard Webhooks 1.0: HMAC-SHA256 over
 * `id.timestamp.body`, version `v1`).
 *
 * @param secret `whsec_` and base64
 */
export function signedHeaders(secret: string, { id, timestamp, body }: SignedMessage): Readonly<Record<string, string>> {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": `v1,${signature}` };
}
