import { randomBytes } from "node:crypto";
import { keepSecret } from "./kept-secret.ts";

/**
 * The secret that signs links to outputs. Another than the webhooks' one: their receivers know that, and must not be able
 * to make links. Removing the file ends all links that were given out.
 *
 * @throws {AppError} `storage_failed` when the file cannot be read or written, or holds something else
 */
export async function loadLinkSecret(dataDir: string): Promise<string> {
  return keepSecret({
    dataDir,
    fileName: "link-secret",
    what: "link secret",
    read: (text) => /^[0-9a-f]{64}$/.exec(text.trim())?.[0] ?? null,
    make: () => randomBytes(32).toString("hex"),
  });
}
