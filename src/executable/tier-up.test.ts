import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

/** Told by what V8's own tests ask: how often a function was called when it was first compiled, and when with all that is known of it. */
const program = `
  const { tierUpSooner } = require(${JSON.stringify(join(import.meta.dirname, "tier-up.ts"))});
  if (process.argv[1] === "sooner") tierUpSooner();
  const work = new Function("job", "let sum = 0; for (const each of job.parts) sum += each.size; return sum + job.id.length;");
  const compiled = 1 << 4, wholly = 1 << 6;
  const calls = { compiled: 0, wholly: 0 };
  for (let count = 1; calls.wholly === 0; count += 1) {
    work({ id: "a", parts: [{ size: 1 }, { size: count }] });
    const status = %GetOptimizationStatus(work);
    if (calls.compiled === 0 && status & compiled) calls.compiled = count;
    if (status & wholly) calls.wholly = count;
  }
  console.log(JSON.stringify(calls));
`;

async function calls(when: "sooner" | "by itself"): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, ["--no-warnings", "--allow-natives-syntax", "--no-concurrent-recompilation", "-e", program, when]);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const upTo = (most: number): unknown => expect.toSatisfy((count: number) => count <= most);
const beyond = (least: number): unknown => expect.toSatisfy((count: number) => count > least);

it("what each job calls once is compiled within a hundred jobs, and wholly within a thousand", async () => {
  expect(await calls("sooner")).toEqual({ compiled: upTo(100), wholly: upTo(1000) });
});

it("V8 by itself would take several times as many", async () => {
  expect(await calls("by itself")).toEqual({ compiled: beyond(300), wholly: beyond(2500) });
});
