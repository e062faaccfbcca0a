import { randomBytes } from "node:crypto";
import { webhookSecret } from "./config/value.ts";
import { keepSecret } from "./kept-secret.ts";

/** As many as the HMAC's hash yields. */
const secretBytes = 32;

/**
 * The secret that signs webhooks, `whsec_<base64>`: the one that was set, else the one kept in the data directory, else a new
 * one that is kept there, readable by this user alone.
 *
 * @param configured checked already
 * @throws {AppError} `storage_failed` when the file cannot be read or written, or holds something else
 */
export async function loadWebhookSecret({ dataDir, configured }: { readonly dataDir: string; readonly configured: string | null }): Promise<string> {
  if (configured !== null) return configured;
  return keepSecret({
    dataDir,
    fileName: "webhook-secret",
    what: "webhook secret",
    read: (text) => webhookSecret.schema.safeParse(text).data ?? null,
    make: () => `whsec_${randomBytes(secretBytes).toString("base64")}`,
  });
}
