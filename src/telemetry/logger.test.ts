import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";

const line = z.looseObject({ time: z.string(), msg: z.string(), err: z.looseObject({ message: z.string() }).optional() });

/** What a process that runs `code` with `createLogger` at hand leaves on stdout. */
async function logged(code: string): Promise<z.infer<typeof line>[]> {
  const source = `import { createLogger } from ${JSON.stringify(resolve("src/telemetry/logger.ts"))};\n${code}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source]);
  return stdout.split("\n").filter((text) => text !== "").map((text) => line.parse(JSON.parse(text)));
}

it("writes one JSON line each, from the level up, with time, fields and the causes of an error", async () => {
  const lines = await logged(`
    const logger = createLogger("info");
    logger.debug({}, "hidden");
    logger.info({ job_id: "j1" }, "shown");
    logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
  `);
  expect(lines.map(({ msg }) => msg)).toEqual(["shown", "failed"]);
  expect(lines[0]).toMatchObject({ job_id: "j1", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
  expect(lines[1]?.err?.message).toBe("outer: inner");
});

it("loses nothing that was logged before the process died", async () => {
  const lines = await logged(`
    const logger = createLogger("debug");
    for (let at = 0; at < 200; at += 1) logger.debug({}, String(at));
    process.exit(0);
  `);
  expect(lines).toHaveLength(200);
});
