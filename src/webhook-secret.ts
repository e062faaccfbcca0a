import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { webhookSecret } from "./config/value.ts";
import { AppError } from "./errors/app-error.ts";

const fileName = "webhook-secret";

/** As many as the HMAC's hash yields. */
const secretBytes = 32;

/**
 * The secret that signs webhooks, `whsec_<base64>`: the one that was set, else the one kept in the data directory, else a new
 * one that is kept there, readable by this user alone.
 *
 * @param configured checked already
 * @throws {AppError} `storage_failed` when the file cannot be read or written, or holds something else
 */
export async function loadWebhookSecret(params: { readonly dataDir: string; readonly configured: string | null }): Promise<string> {
  if (params.configured !== null) return params.configured;
  const path = join(params.dataDir, fileName);
  try {
    return (await kept(path)) ?? (await make(path, params.dataDir));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("storage_failed", "The webhook secret in the data directory could not be read or written.", { cause });
  }
}

async function kept(path: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const parsed = webhookSecret.schema.safeParse(text);
  if (!parsed.success || parsed.data === null) {
    throw new AppError("storage_failed", `The file ${fileName} in the data directory holds no webhook secret. Put yours back, or remove the file to get a new one.`);
  }
  // A copy or a backup may have opened it to others.
  await chmod(path, 0o600);
  return parsed.data;
}

/** Written beside its place and moved there, so that a crash leaves no half of it. */
async function make(path: string, dataDir: string): Promise<string> {
  const secret = `whsec_${randomBytes(secretBytes).toString("base64")}`;
  const draft = `${path}.new`;
  await mkdir(dataDir, { recursive: true });
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  return secret;
}
