import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** As {@link walkWorkflows} bounds itself. */
const maxDepth = 10;
const maxEntries = 20_000;

/**
 * A text that changes when any file of a folder does: its name, size, time or place on the disk. Covers helpers and
 * data beside the workflows too, but not what lies below node_modules or behind a dot. What cannot be read stands
 * there as such.
 */
export async function folderSnapshot(root: string): Promise<string> {
  const lines: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, folder)).catch((error: unknown) => [`\0${String(error)}`]);
    for (const name of entries.sort()) {
      if (name.startsWith(".") || name === "node_modules" || lines.length >= maxEntries) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (name.startsWith("\0")) {
        lines.push(`${folder} ${name}`);
        continue;
      }
      const found = await stat(join(root, path)).catch(() => null);
      if (found === null) lines.push(`${path} unreadable`);
      else if (!found.isDirectory()) lines.push(`${path} ${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`);
      else {
        lines.push(`${path}/`);
        if (depth < maxDepth) await visit(path, depth + 1);
      }
    }
  };
  await visit("", 0);
  return lines.join("\n");
}
