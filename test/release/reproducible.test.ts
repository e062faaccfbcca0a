import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { buildBinary } from "../../scripts/build-binary/build-binary.ts";

const run = promisify(execFile);
const buildTimeoutMs = 600_000;

async function digest(file: string): Promise<string> {
  return createHash("sha256").update(await readFile(file)).digest("hex");
}

/** The sources and packages in another folder; packages as hard links, where the file system has them, for speed. */
async function copyProject(to: string): Promise<void> {
  for (const part of ["src", "workflows", "package.json"]) await cp(part, join(to, part), { recursive: true });
  await mkdir(join(to, "node_modules"));
  const packages = (await readdir("node_modules")).filter((name) => !name.startsWith(".")).map((name) => join("node_modules", name));
  try {
    await run("cp", ["-al", ...packages, join(to, "node_modules")]);
  } catch {
    // Another file system than the project's.
    await run("cp", ["-a", ...packages, join(to, "node_modules")]);
  }
}

it.skipIf(process.platform !== "linux" || process.arch !== "x64")(
  "the same sources, lockfile and commit give the same bytes, twice and in another folder",
  { timeout: buildTimeoutMs },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), "comfyui-api-twice-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const elsewhere = join(dir, "a folder of quite another name and length");
    await mkdir(elsewhere);
    await copyProject(elsewhere);
    const digests: string[][] = [];
    // The sources are copied first, so that all builds see the same ones while somebody edits them.
    const second = join(dir, "b");
    await cp(elsewhere, second, { recursive: true, filter: (source) => !source.includes("node_modules") });
    await run("cp", ["-al", join(elsewhere, "node_modules"), second]);
    for (const [root, name] of [[elsewhere, "1"], [elsewhere, "2"], [second, "3"]] as const) {
      const file = await buildBinary({ root: resolve(root), outfile: join(dir, name, "comfyui-api"), commit: "0123456789abcdef0123456789abcdef01234567" });
      digests.push([await digest(file), await digest(`${file}.map`)]);
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  },
);
