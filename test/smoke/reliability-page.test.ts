import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const reference = /`((?:src|test)\/[\w./-]+\.(?:test|suite)\.ts)`: (.+?)\)?\.?$/gm;

it("docs/reliability.md names tests that are there", async () => {
  const page = await readFile("docs/reliability.md", "utf8");
  const named = [...page.matchAll(reference)].map(([, file = "", name = ""]) => ({ file, name }));
  expect(named.length).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const { file, name } of named) {
    const source = await readFile(file, "utf8");
    if (!source.includes(`"${name}"`)) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
});

it("each promise of docs/reliability.md has a test", async () => {
  const page = await readFile("docs/reliability.md", "utf8");
  const promises = page.split(/^## How far/m)[0]?.split(/\n\n/).filter((block) => block.startsWith("**")) ?? [];
  expect(promises.length).toBeGreaterThan(15);
  expect(promises.filter((block) => block.search(reference) === -1)).toEqual([]);
});
