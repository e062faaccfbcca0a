import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "./errors/app-error.ts";

export interface KeptSecret {
  readonly dataDir: string;
  readonly fileName: string;
  /** For people: "webhook secret". */
  readonly what: string;
  /** The secret in the text of the file; null when it is none. */
  readonly read: (text: string) => string | null;
  readonly make: () => string;
}

/**
 * A secret of this gateway, made when it is first needed and kept in the data directory, readable by this user alone.
 *
 * @throws {AppError} `storage_failed` when the file cannot be read or written, or holds something else
 */
export async function keepSecret(secret: KeptSecret): Promise<string> {
  const path = join(secret.dataDir, secret.fileName);
  try {
    return (await kept(path, secret)) ?? (await make(path, secret));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("storage_failed", `The ${secret.what} in the data directory could not be read or written.`, { cause });
  }
}

async function kept(path: string, { fileName, what, read }: KeptSecret): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const found = read(text);
  if (found === null) {
    throw new AppError("storage_failed", `The file ${fileName} in the data directory holds no ${what}. Put yours back, or remove the file to get a new one.`);
  }
  // A copy or a backup may have opened it to others.
  await chmod(path, 0o600);
  return found;
}

/** Written beside its place and moved there, so that a crash leaves no half of it. */
async function make(path: string, { dataDir, make: newSecret }: KeptSecret): Promise<string> {
  const secret = newSecret();
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
