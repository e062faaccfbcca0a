import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { dirname } from "node:path";

export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Written beside its place and moved there: whoever reads it sees the old or the new, and never half of one. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}

/** The same for a file that is too large for memory. An executable that runs keeps the file it was started from. */
export async function copyWhole(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const draft = `${to}.new`;
  await rm(draft, { force: true });
  await pipeline(createReadStream(from), createWriteStream(draft, { flags: "wx", mode, flush: true }));
  const handle = await open(draft, "r");
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
  await rename(draft, to);
}
