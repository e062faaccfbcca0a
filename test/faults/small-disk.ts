import { execFile } from "node:child_process";
import { mkdtemp, open, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Surroundings } from "./host.ts";

const run = promisify(execFile);

/** A file system of its own that can be filled up. Gone with the test that mounted it. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all that is free. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
}

/** @returns null where mounting is not permitted */
export async function mountSmallDisk({ onTestFinished }: Surroundings, megabytes: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), "comfyui-api-disk-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
  } catch {
    await rmdir(path);
    return null;
  }
  // Lazily: a process that still has a file open there ends with the same test.
  onTestFinished(async () => {
    await run("umount", ["--lazy", path]);
    await rmdir(path);
  });
  const ballast = join(path, "ballast");
  return {
    path,
    fill: () => writeUntilFull(ballast),
    free: () => rm(ballast, { force: true }),
  };
}

async function writeUntilFull(path: string): Promise<void> {
  const file = await open(path, "a");
  try {
    for (let size = 65_536; size >= 512; ) {
      try {
        await file.write(Buffer.alloc(size));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
        size /= 2;
      }
    }
  } finally {
    await file.close();
  }
}
