import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** The text of a file, or null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Writes a module whole or not at all, so that a gateway that watches the folder never loads half of one.
 *
 * @param overwrite without it, a file that has come to stand there meanwhile is left alone
 * @returns whether it was written
 */
export async function writeModule(path: string, text: string, overwrite: boolean): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  if (!overwrite && (await readIfThere(path)) !== null) return false;
  // The watcher passes over names that begin with a dot.
  const draft = `${dirname(path)}/.${path.slice(path.lastIndexOf("/") + 1)}.new`;
  await rm(draft, { force: true });
  const handle = await open(draft, "wx");
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  return true;
}
