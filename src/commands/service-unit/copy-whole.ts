import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { draftOf } from "../whole-file.ts";

/** As `writeWhole`, for a file that is too large for memory. An executable that runs keeps the file it was started from. */
export async function copyWhole(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const draft = draftOf(to);
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
