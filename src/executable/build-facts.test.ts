import { expect, it } from "vitest";
import { buildFacts, writeBuildFacts } from "./build-facts.ts";

it("does not know its commit when it runs from its sources", () => {
  expect(buildFacts("1.2.3")).toEqual({ version: "1.2.3", commit: null, node: process.versions.node });
});

it.each([
  [null, "1.2.3 (commit unknown, Node.js 24.0.0)"],
  ["53e9199bd5ffba50c8d59fc3f681252dd03a9dfe", "1.2.3 (commit 53e9199bd5ff, Node.js 24.0.0)"],
  ["53e9199bd5ffba50c8d59fc3f681252dd03a9dfe-changed", "1.2.3 (commit 53e9199bd5ff-changed, Node.js 24.0.0)"],
])("writes the commit %s short, and says when files differ from it", (commit, text) => {
  expect(writeBuildFacts({ version: "1.2.3", commit, node: "24.0.0" })).toBe(text);
});
