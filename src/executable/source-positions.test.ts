import { SourceMap } from "node:module";
import { expect, it } from "vitest";
import { transform } from "sucrase";
import { z } from "zod";
import { SourcePositions } from "./source-positions.ts";

const source = "enum Side { Left = 1 }\n\nexport function pick<T>(items: readonly T[], at: number): T | undefined {\n  return items[at] ?? items[Side.Left];\n}\n".repeat(40);

const rawMap = z.object({ version: z.number(), sources: z.array(z.string()), mappings: z.string() });
const entry = z.object({ originalSource: z.string(), originalLine: z.number(), originalColumn: z.number() });

function mapOf(text: string): { readonly code: string; readonly map: z.infer<typeof rawMap> } {
  const { code, sourceMap } = transform(text, { transforms: ["typescript"], filePath: "pick.ts", sourceMapOptions: { compiledFilename: "pick.js" } });
  return { code, map: rawMap.parse(sourceMap) };
}

it("finds, for every place of a file, what Node's own reader finds", () => {
  const { code, map } = mapOf(source);
  const positions = new SourcePositions(JSON.stringify(map));
  const reference = new SourceMap({ file: "pick.js", names: [], sourcesContent: [], sourceRoot: "", ...map });
  const [ours, theirs]: [unknown[], unknown[]] = [[], []];
  for (const [at, text] of code.split("\n").entries()) {
    for (let column = 1; column <= text.length; column += 1) {
      const found = positions.find(at + 1, column);
      const known = entry.safeParse(reference.findEntry(at, column - 1)).data;
      if (known === undefined || found === null) continue;
      ours.push([found.source, found.line, found.column]);
      theirs.push([known.originalSource, known.originalLine + 1, known.originalColumn + 1]);
    }
  }
  expect(ours.length).toBeGreaterThan(1000);
  expect(ours).toEqual(theirs);
});

it("follows more than one source, and segments that have none", () => {
  // Line 1: a.ts 1:1 at column 1, nothing at 5, b.ts 3:2 at 9. Line 2 is empty. Line 3: b.ts 4:1 at column 1.
  const positions = new SourcePositions(JSON.stringify({ version: 3, sources: ["a.ts", "b.ts"], names: [], mappings: "AAAA,I,ICEC;;AACD" }));
  expect(positions.find(1, 3)).toEqual({ source: "a.ts", line: 1, column: 1 });
  expect(positions.find(1, 6)).toBeNull();
  expect(positions.find(1, 12)).toEqual({ source: "b.ts", line: 3, column: 2 });
  expect(positions.find(2, 1)).toBeNull();
  expect(positions.find(3, 1)).toEqual({ source: "b.ts", line: 4, column: 1 });
  expect([positions.find(0, 1), positions.find(4, 1), positions.find(-1, 1)]).toEqual([null, null, null]);
});

it("refuses what is no source map", () => {
  expect(() => new SourcePositions("{}")).toThrow(/mappings/);
  expect(() => new SourcePositions("not JSON")).toThrow(/JSON/);
});
