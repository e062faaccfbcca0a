import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file that is written from code: never by hand. */
export interface TextFile {
  /** Relative to the project's root. */
  readonly path: string;
  text(): Promise<string>;
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

export async function isUpToDate(root: string, file: TextFile): Promise<boolean> {
  return (await readOrNull(join(root, file.path))) === (await file.text());
}

/** Leaves a file alone that is already right, so that watchers and build caches stay calm. Tells whether it wrote. */
export async function writeIfChanged(root: string, file: TextFile): Promise<boolean> {
  const path = join(root, file.path);
  const text = await file.text();
  if ((await readOrNull(path)) === text) return false;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return true;
}
