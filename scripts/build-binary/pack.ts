import { execFile } from "node:child_process";
import { copyFile, mkdtemp, open, readFile, rename, rm } from "node:fs/promises";
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

interface Pack {
  readonly root: string;
  readonly base: BaseNode;
  /** What the executable runs first. In a folder of {@link makePackingFolder}. */
  readonly main: string;
  /** Files that it carries, by the name under which it finds them. */
  readonly assets: Readonly<Record<string, string>>;
  /** Of Node.js, each time that it runs. */
  readonly flags: readonly string[];
  readonly outfile: string;
}

/** Run by Node.js with the path of pkg's module, and what it is to do. */
const callPkg = `
  const [module, main, params] = process.argv.slice(1);
  require(module).default(main, JSON.parse(params)).catch((error) => { console.error(error); process.exitCode = 1; });
`;

/**
 * Joins the program to Node.js with pkg, in its mode that takes an unpatched Node.js (`--sea`). By pkg's module, for its
 * command line knows neither assets nor flags nor a Node.js of one's own; hence its exact version in package.json.
 */
export async function pack({ root, base, main, assets, flags, outfile }: Pack): Promise<void> {
  // Under another name until it is whole: the old executable may be running, and must not be half overwritten.
  const draft = `${outfile}.${process.pid}`;
  const copy = `${draft}.copy`;
  const pkg = join(dirname(createRequire(join(root, "package.json")).resolve("@yao-pkg/pkg/package.json")), "lib-es5", "sea.js");
  const target = { nodeRange: `node${base.version}`, platform: "linux", arch: "x64", output: draft };
  const params = JSON.stringify({ targets: [target], nodePath: base.path, seaConfig: { assets, execArgv: flags } });
  try {
    await run(process.execPath, ["-e", callPkg, pkg, main, params], { cwd: root });
    await renameInside(draft, main, `${neutralFolder}${basename(main)}`);
    // What pkg wrote in one piece lies in large pages of the page cache, and each process is charged for all of a page that it
    // touches: 15 MB more than once the file has been read from a disk. A copy lies there as it will on any host.
    await copyFile(draft, copy);
    await rename(copy, outfile);
  } catch (error) {
    await rm(copy, { force: true });
    throw new Error("pkg failed to pack the executable", { cause: error });
  } finally {
    await rm(draft, { force: true });
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
