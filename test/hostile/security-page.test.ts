import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const page = await readFile("docs/security.md", "utf8");
const [promises = ""] = page.split("## What is not promised");

/** Points of lists, each with the lines it goes on in; and rows of tables. */
const points = [...promises.matchAll(/^- (.*(?:\n {2}.*)*)/gm)].map(([, text = ""]) => text);
const rows = [...promises.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | ")).filter(([first]) => first !== "what" && first?.startsWith("-") === false);

function testsOf(text: string): readonly string[] {
  return [...text.matchAll(/`([\w/-]+\.(?:test|suite)\.ts)`/g)].map(([, file = ""]) => file);
}

describe("docs/security.md", () => {
  it("has no promise without a test", () => {
    expect(points.length).toBeGreaterThan(12);
    expect(rows.length).toBeGreaterThan(8);
    expect(points.filter((point) => testsOf(point.split("T: ")[1] ?? "").length === 0)).toEqual([]);
    expect(rows.filter((row) => testsOf(row.at(-1) ?? "").length === 0)).toEqual([]);
  });

  it("names only tests that there are", () => {
    const named = testsOf(page);
    expect(named.filter((file) => !existsSync(`test/${file}`) && !existsSync(`src/${file}`))).toEqual([]);
  });
});
