import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, it } from "vitest";
import { leaveOut, loadLater } from "./load-later.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "load-later-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** What a program of these lines, bundled as the executable's is, prints. */
async function printed(...lines: readonly string[]): Promise<string[]> {
  const outfile = join(dir, "program.cjs");
  await build({
    absWorkingDir: root,
    stdin: { contents: lines.join("\n"), resolveDir: root },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    plugins: [loadLater(), leaveOut()],
  });
  await writeFile(join(dir, "package.json"), "{}");
  return (await run(process.execPath, [outfile])).stdout.trim().split("\n");
}

const isLoaded = 'const isLoaded = () => console.log(process.moduleLoadList.includes("NativeModule https"));';

it("has a module of Node's loaded when something of it is used, and not before", async () => {
  expect(await printed('import { globalAgent } from "node:https";', isLoaded, "isLoaded();", "console.log(globalAgent.defaultPort);", "isLoaded();")).toEqual(["false", "443", "true"]);
});

it("gives a library that requires such a module the same", async () => {
  expect(await printed('const https = require("https");', isLoaded, "isLoaded();", "console.log(https.globalAgent.protocol);", "isLoaded();")).toEqual(["false", "https:", "true"]);
});

it("has YAML read as it is without", async () => {
  expect(await printed('import { parseDocument } from "yaml";', 'console.log(parseDocument("a: 1").toJS().a);')).toEqual(["1"]);
});

it("leaves zod its English messages", async () => {
  expect(await printed('import { z } from "zod";', 'console.log(z.string().safeParse(1).error.issues[0].message);', "console.log(Object.keys(z.locales).join());")).toEqual([
    "Invalid input: expected string, received number",
    "en",
  ]);
});
