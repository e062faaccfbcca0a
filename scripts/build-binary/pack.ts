import { execFile } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { BaseNode } from "./base-node.ts";

const run = promisify(execFile);

/** Joins the bundle and Node.js to one executable with pkg, in its mode that takes an unpatched Node.js (`--sea`). */
export async function pack(params: {
  readonly root: string;
  readonly bundle: string;
  readonly base: BaseNode;
  readonly outfile: string;
}): Promise<void> {
  const { base, outfile } = params;
  await mkdir(dirname(outfile), { recursive: true });
  // Under another name until it is whole: the old executable may be running, and must not be half overwritten.
  const draft = `${outfile}.${process.pid}`;
  const pkg = join(dirname(createRequire(join(params.root, "package.json")).resolve("@yao-pkg/pkg/package.json")), "lib-es5", "bin.js");
  const args = [pkg, params.bundle, "--sea", "--targets", `node${base.version}-linux-x64`, "--output", draft];
  try {
    await run(process.execPath, args, { cwd: params.root, env: { ...process.env, HOME: base.home } });
    await rename(draft, outfile);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Error(`pkg failed to pack ${params.bundle}`, { cause: error });
  }
}
