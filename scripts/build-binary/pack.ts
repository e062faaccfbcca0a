import { execFile } from "node:child_process";
import { mkdtemp, open, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { BaseNode } from "./base-node.ts";

const run = promisify(execFile);

/**
 * The path of the program that stack traces name. Node.js writes the one that it packed into the executable, so it is
 * packed in a folder whose name is as long as this, and replaced afterwards.
 */
const neutralFolder = "/comfyui-api/executable/";

/** A new folder of that length: `mkdtemp` appends six characters. Not below os.tmpdir(), which can be of any length. */
export function makePackingFolder(): Promise<string> {
  return mkdtemp("/tmp/comfyui-api-");
}

/** Joins the bundle and Node.js to one executable with pkg, in its mode that takes an unpatched Node.js (`--sea`). */
export async function pack(params: {
  readonly root: string;
  /** In a folder of {@link makePackingFolder}. */
  readonly bundle: string;
  readonly base: BaseNode;
  readonly outfile: string;
}): Promise<void> {
  const { root, bundle, base, outfile } = params;
  // Under another name until it is whole: the old executable may be running, and must not be half overwritten.
  const draft = `${outfile}.${process.pid}`;
  const pkg = join(dirname(createRequire(join(root, "package.json")).resolve("@yao-pkg/pkg/package.json")), "lib-es5", "bin.js");
  const args = [pkg, bundle, "--sea", "--targets", `node${base.version}-linux-x64`, "--output", draft];
  try {
    await run(process.execPath, args, { cwd: root, env: { ...process.env, HOME: base.home } });
    await renameInside(draft, bundle, `${neutralFolder}${basename(bundle)}`);
    await rename(draft, outfile);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Error("pkg failed to pack the executable", { cause: error });
  }
}

/** Puts one text of the same length in the place of another that is in the file once. */
async function renameInside(file: string, from: string, to: string): Promise<void> {
  const [found, written] = [Buffer.from(from), Buffer.from(to)];
  const bytes = await readFile(file);
  const at = bytes.indexOf(found);
  if (at === -1 || bytes.indexOf(found, at + 1) !== -1 || found.length !== written.length) {
    throw new Error(`The executable was expected to hold ${from} once: has pkg or Node.js changed what it packs?`);
  }
  const handle = await open(file, "r+");
  try {
    await handle.write(written, 0, written.length, at);
  } finally {
    await handle.close();
  }
}
