import { describe, expect, it } from "vitest";
import { plainRun, runQuery } from "./query.ts";

describe("a run without a query", () => {
  it("gets what the schema fills in", () => {
    expect(plainRun).toEqual(runQuery.parse({}));
  });
});
