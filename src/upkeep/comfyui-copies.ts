import { lstat, realpath, rm } from "node:fs/promises";
import { join } from "node:path";

/** Below ComfyUI's output folder; every job writes into a folder of its own there (new-job.ts). */
const ourFolder = "comfyui-api";

/** One path segment that leads nowhere else. */
const idPattern = /^[A-Za-z0-9_-]{1,100}$/;

/** ComfyUI's own copies of the outputs of our jobs. Nothing outside `comfyui-api/<job id>/` is ever touched. */
export class ComfyuiCopies {
  readonly #outputDir: string;

  constructor(outputDir: string) {
    this.#outputDir = outputDir;
  }

  /** Rejects with the system's error; ENOENT when there is no such output folder. */
  async removeOf(jobId: string): Promise<void> {
    if (!idPattern.test(jobId)) return;
    const base = join(await realpath(this.#outputDir), ourFolder);
    // A link in place of our folder would lead the removal elsewhere. Links further down are removed and not followed.
    if (await isFolder(base)) await rm(join(base, jobId), { recursive: true, force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
