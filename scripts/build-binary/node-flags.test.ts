import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { nodeFlags } from "./node-flags.ts";

const run = promisify(execFile);

/** Which of its own modules Node.js compiles while it loads those that a gateway needs, told by what its own tests ask. */
const program = `
  for (const name of ["node:http", "node:crypto", "node:sqlite", "node:fs/promises"]) require(name);
  const { internalBinding } = require("internal/test/binding");
  const { compiledWithCache, compiledWithoutCache } = internalBinding("builtins").getCacheUsage();
  console.log(JSON.stringify([compiledWithCache.size > 0, compiledWithoutCache.size > 0]));
`;

async function usesCache(flags: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [...flags, "--expose-internals", "--no-warnings", "-e", program]);
  return JSON.parse(stdout);
}

it("Node.js need not compile its own modules under the flags of the executable", async () => {
  expect(await usesCache(nodeFlags)).toEqual([true, false]);
});

it("the flag that lets memory be cleared would have it compile them", async () => {
  expect(await usesCache([...nodeFlags, "--expose-gc"])).toEqual([false, true]);
});
