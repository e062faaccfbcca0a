import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { bundle } from "../../scripts/build-binary/bundle.ts";

/** The program as it goes into the executable, built once for the test file that calls this, and there while its tests run. */
export function bundledProgram(): { path(): string; command(): readonly [string, string] } {
  let folder = "";
  const path = (): string => join(folder, "server.cjs");
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "comfyui-api-bundle-"));
    await bundle({ root: resolve("."), outfile: path() });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return { path, command: () => [process.execPath, path()] };
}
