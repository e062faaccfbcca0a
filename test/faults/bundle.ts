import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { bundle } from "../../scripts/build-binary/bundle.ts";

/** The program as it ships, built once for the test file that calls this: `path()` is where it lies while tests run. */
export function bundledProgram(): { path(): string } {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "comfyui-api-bundle-"));
    await bundle({ root: resolve("."), outfile: join(folder, "server.cjs") });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return { path: () => join(folder, "server.cjs") };
}
