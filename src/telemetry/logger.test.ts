import { describe, expect, it } from "vitest";
import { z } from "zod";
import { HeldClock } from "./held-clock.ts";
import { parseLogLevels } from "./log-levels.ts";
import { createLogger, type RootLogger } from "./logger.ts";

const line = z.looseObject({ time: z.string(), level: z.string(), msg: z.string() });

function recorded(levels: string, pretty = false): { readonly logger: RootLogger; readonly text: () => string; readonly lines: () => z.infer<typeof line>[] } {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  const logger = createLogger({ levels: parseLogLevels(levels), write, clock: new HeldClock(), pretty });
  const lines = (): z.infer<typeof line>[] => text.split("\n").slice(0, -1).map((one) => line.parse(JSON.parse(one)));
  return { logger, text: () => text, lines };
}

describe("a log", () => {
  it("is one JSON object a line, with time, level, module, fields and the causes of an error", () => {
    const { logger, lines } = recorded("info");
    logger.debug({}, "hidden");
    logger.module("runner").info({ job_id: "j1", seed: 2n ** 64n - 1n }, "two\nlines");
    logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
    expect(lines()).toEqual([
      { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), level: "info", module: "runner", job_id: "j1", seed: "18446744073709551615", msg: "two\nlines" },
      expect.objectContaining({ level: "error", msg: "failed", err: expect.objectContaining({ type: "Error", message: "outer: inner", stack: expect.stringContaining("logger.test.ts") }) }),
    ]);
  });

  it.each([
    ["info,runner=debug", ["runner debug", "runner info", "http info", "info"]],
    ["runner=debug", ["runner debug", "runner info", "http info", "info"]],
    ["http=silent,warn", []],
    ["debug,http=warn", ["runner debug", "runner info", "info"]],
  ])("at %s holds the lines of each module from its own level up", (levels, wanted) => {
    const { logger, lines } = recorded(levels);
    for (const name of ["runner", "http"]) {
      logger.module(name).debug({}, `${name} debug`);
      logger.module(name).info({}, `${name} info`);
    }
    logger.info({}, "info");
    expect(lines().map(({ msg }) => msg)).toEqual(wanted);
  });

  it("holds no secret: not by its name, not in a URL, not in a header that was quoted, not in an error", () => {
    const { logger, text } = recorded("info");
    const error = Object.assign(new Error("GET https://me:hunter2@host/x failed"), { headers: { Authorization: "hunter2", "X-Api-Key": "hunter2" } });
    logger.info({ webhook_secret: "hunter2", apiKey: "hunter2", nested: [{ password: "hunter2" }], url: new URL("http://me:hunter2@host/") }, "x");
    logger.error({ err: error, sent: "Bearer hunter2hunter2" }, "y");
    expect(text()).not.toContain("hunter2");
    expect(text()).toContain("https://***@host/x");
  });

  it("survives what refers to itself, and cuts what is endless", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const { logger, lines, text } = recorded("info");
    logger.info({ circle, long: "x".repeat(100_000), bytes: new Uint8Array(9) }, "x");
    expect(lines()).toEqual([expect.objectContaining({ bytes: "[9 bytes]" })]);
    expect(text().length).toBeLessThan(20_000);
  });

  it("is for a person at a terminal, who is not steered by what a caller sent", () => {
    const { logger, text } = recorded("info", true);
    logger.module("http").warn({ path: "/a\u001b[2Jb", err: new Error("it broke") }, "request failed");
    expect(text().replaceAll(/\u001b\[\d+m/g, "")).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}http request failed path="?\/a(�|\\u001b)\[2Jb"?\n {4}it broke\n {4}Error: it broke\n/);
  });
});
