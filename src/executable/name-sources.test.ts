import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);

const program = `import { nameSourcesInStacks } from ${JSON.stringify(resolve("src/executable/name-sources.ts"))};
import { fail } from "./fail.ts";
nameSourcesInStacks(process.argv[2] ?? "");
try {
  if (process.argv[3] === "throw") fail();
  console.log("no stack was asked for");
} catch (error) {
  console.log(error.stack);
}
`;
const failing = `interface Reason { text: string }

export function fail(): never {
  const reason: Reason = { text: "on purpose" };
  throw new RangeError(reason.text);
}
`;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "name-sources-"));
  await writeFile(join(dir, "program.ts"), program);
  await writeFile(join(dir, "fail.ts"), failing);
  await build({ absWorkingDir: dir, entryPoints: ["program.ts"], outfile: join(dir, "out.cjs"), bundle: true, platform: "node", format: "cjs", sourcemap: "external", logLevel: "error" });
});
afterAll(() => rm(dir, { recursive: true }));

it("lets stack traces name the sources by the map", async () => {
  const { stdout } = await run(process.execPath, [join(dir, "out.cjs"), join(dir, "out.cjs.map"), "throw"]);
  expect(stdout).toMatch(/^RangeError: on purpose\n {4}at fail \(fail\.ts:5:9\)\n {4}at Object\.<anonymous> \(program\.ts:5:36\)\n {4}at .*node:internal/);
  expect(stdout).not.toContain("out.cjs:");
});

it.each(["no-such-file.map", "program.ts"])("leaves them as they are when %s is no map", async (file) => {
  const { stdout } = await run(process.execPath, [join(dir, "out.cjs"), join(dir, file), "throw"]);
  expect(stdout).toMatch(/^RangeError: on purpose\n {4}at fail \(.*out\.cjs:\d+:\d+\)\n/);
});
