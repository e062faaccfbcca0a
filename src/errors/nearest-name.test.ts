import { describe, expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

const known = ["prompt", "negative_prompt", "steps", "cfg", "seed"];

describe("nearestName", () => {
  it.each([
    ["stepz", "steps"],
    ["Prompt", "prompt"],
    ["negativ_promt", "negative_prompt"],
    ["sed", "seed"],
    ["CFG", "cfg"],
  ])("finds for %s the name %s", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it.each(["foo", "width", "", "banana", "x".repeat(1_000_000)])("suggests nothing that is not close (%#)", (name) => {
    expect(nearestName(name, known)).toBeNull();
  });

  it("forgives two swapped letters", () => {
    expect(nearestName("prot", ["host", "port"])).toBe("port");
  });

  it("suggests nothing where nothing is known", () => {
    expect(nearestName("x", [])).toBeNull();
  });
});
