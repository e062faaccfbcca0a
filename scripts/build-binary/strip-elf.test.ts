import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { Elf } from "./elf.ts";
import { stripElf } from "./strip-elf.ts";

const run = promisify(execFile);
const isElf = process.platform === "linux" && process.arch === "x64";

describe.skipIf(!isElf)("a Node.js without its symbols", () => {
  it("runs, needs the same of its machine, and is smaller by what is not loaded", async () => {
    const dir = await mkdtemp(join(tmpdir(), "strip-elf-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const whole = await readFile(process.execPath);
    const stripped = stripElf(whole);
    const [before, after] = [new Elf(whole), new Elf(stripped)];
    expect(after.sections.map(({ name }) => name).filter((name) => /^\.(symtab|strtab|debug)/.test(name))).toEqual([]);
    expect(after.sections.filter(({ loaded }) => loaded)).toEqual(before.sections.filter(({ loaded }) => loaded));
    expect(after.neededVersions()).toEqual(before.neededVersions());
    expect(stripped.length).toBeLessThan(whole.length);
    const file = join(dir, "node");
    await writeFile(file, stripped);
    await chmod(file, 0o755);
    expect((await run(file, ["-p", "6 * 7"])).stdout).toBe("42\n");
  });

  it("is the same whether stripped once or twice", async () => {
    const once = stripElf(await readFile(process.execPath));
    expect(stripElf(once).equals(once)).toBe(true);
  });
});

it("is refused for what is no ELF file", () => {
  expect(() => stripElf(Buffer.from("#!/bin/sh\nexit 0\n".repeat(9)))).toThrow(/no ELF file/);
});
