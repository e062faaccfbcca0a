import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const files = {
  "good.test.js": "it('a', () => {}); it('b', () => {});",
  "mixed.test.js": "it('a', () => {}); it('b', () => { throw 1; }); it.skip('c', () => {});",
  "bad-load.test.js": "throw new Error('no');",
  "bad-hook.test.js": "describe('d', () => { beforeAll(() => { throw 1; }); it('a', () => {}); });",
  "bad-stray.test.js": "it('a', () => { void Promise.reject(new Error('stray')); });",
};

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "counting-reporter-"));
  await symlink(resolve("node_modules"), join(dir, "node_modules"));
  await Promise.all(Object.entries(files).map(([name, source]) => writeFile(join(dir, name), source)));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Runs vitest on the files whose name holds `filter`; resolves its exit code and last line. */
function run(filter: string): Promise<{ readonly code: number | null; readonly line: string | undefined }> {
  const vitest = resolve("node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", dir, "--globals", "--reporter=default", `--reporter=${resolve("test/counting-reporter.ts")}`, filter];
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { env: {} }, (_error, stdout) => {
      done({ code: child.exitCode, line: stdout.trimEnd().split("\n").at(-1) });
    });
  });
}

it("the last line counts what passed and failed", async () => {
  await expect(run("good")).resolves.toEqual({ code: 0, line: "2 passed, 0 failed" });
});

it("the last line names skipped tests when there are some", async () => {
  await expect(run("mixed")).resolves.toEqual({ code: 1, line: "1 passed, 1 failed, 1 skipped" });
});

it("a file that does not load, a hook that throws and a stray rejection each count as a failure", async () => {
  await expect(run("bad")).resolves.toEqual({ code: 1, line: "1 passed, 3 failed, 1 skipped" });
});
