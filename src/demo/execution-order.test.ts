import { describe, expect, it } from "vitest";
import { ExecutionOrder } from "./execution-order.ts";

type Sources = Readonly<Record<string, readonly string[]>>;

function order(sources: Sources, outputs: readonly string[], cached: readonly string[] = []): readonly (string | null)[] {
  const waiting = new ExecutionOrder({
    sourcesOf: (id) => sources[id] ?? [],
    isOutput: (id) => outputs.includes(id),
    isCached: (id) => cached.includes(id),
  });
  for (const id of outputs) waiting.add(id);
  const ran: (string | null)[] = [];
  while (!waiting.isEmpty) {
    const next = waiting.next();
    ran.push(next);
    if (next === null) break;
    waiting.done(next);
  }
  return ran;
}

describe("ExecutionOrder", () => {
  it("runs an output as soon as it can, before nodes that were waiting longer", () => {
    expect(order({ save: ["decode"], decode: ["load"], show: ["text"] }, ["save", "show"])).toEqual(["text", "show", "load", "decode", "save"]);
  });

  it("leaves out what is cached and what no output needs", () => {
    expect(order({ save: ["a", "b"], a: ["c"], stray: [] }, ["save"], ["a"])).toEqual(["b", "save"]);
  });

  it("runs a node that two others need once, and of equals the one that was named last first", () => {
    expect(order({ save: ["a", "b"], a: ["x"], b: ["x"] }, ["save"])).toEqual(["x", "b", "a", "save"]);
  });

  it("has no next node in a cycle", () => {
    expect(order({ save: ["a"], a: ["b"], b: ["a"] }, ["save"])).toEqual([null]);
  });
});
