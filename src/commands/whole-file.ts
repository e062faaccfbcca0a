import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The text of a file, or null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Where a file is written before it is moved to its place. Whoever watches the folder passes over names that begin with a dot. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

/**
 * Written beside its place and moved there: whoever reads it sees the old or the new, and never half of one.
 *
 * @param mode exactly, for a file of the system's; without it as the user's mask has it
 */
export async function writeWhole(path: string, text: string, mode?: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, ...(mode === undefined ? {} : { mode: 0o755 }) });
  const draft = draftOf(path);
  await rm(draft, { force: true });
  try {
    await writeDraft(draft, text, mode);
    await rename(draft, path);
  } finally {
    // It is there only when it did not get to its place.
    await rm(draft, { force: true });
  }
}

async function writeDraft(draft: string, text: string, mode: number | undefined): Promise<void> {
  const handle = await open(draft, "wx", mode);
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
