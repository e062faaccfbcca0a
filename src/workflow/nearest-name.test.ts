import { describe, expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

const known = ["prompt", "negative_prompt", "steps", "cfg", "seed"];

describe("nearestName", () => {
  it.each([["stepz", "steps"], ["Prompt", "prompt"], ["negativ_promt", "negative_prompt"], ["sed", "seed"], ["CFG", "cfg"]])("finds for %s the name %s", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it.each(["foo", "width", "", "x".repeat(1_000_000)])("suggests nothing that is not close (%#)", (name) => {
    expect(nearestName(name, known)).toBeNull();
  });
});
