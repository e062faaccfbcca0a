import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCatalog } from "../graph/catalog.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { CatalogFault } from "./catalog-fault.ts";
import { CatalogStore, type CatalogStoreParams } from "./catalog-store.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "catalog-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** As ComfyUI answers; the seed's maximum is 2^64−1. */
const answerOf = (...names: readonly string[]): string =>
  `{${names.map((name) => `${JSON.stringify(name)}: {"input": {"required": {"seed": ["INT", {"max": 18446744073709551615}], "x": ["FLOAT", {"default": NaN}]}}, "output": []}`).join(",")}}`;

const core = () => parseCatalog({ Core: { input: {}, output: [] } }).catalog;

const open = (over: Partial<CatalogStoreParams> = {}) =>
  CatalogStore.open({ file: null, keptAs: join(dir, "data", "catalog.json.gz"), core, logger: silentLogger, ...over });

const namesOf = (store: CatalogStore) => [store.current.source, ...store.current.catalog.classes.keys()];

describe("CatalogStore", () => {
  it("begins with the core nodes, and with what ComfyUI said last on every later start", async () => {
    const first = await open();
    expect(namesOf(first)).toEqual(["core", "Core"]);
    await first.offer(answerOf("KSampler"));
    expect(namesOf(first)).toEqual(["live", "KSampler"]);
    const second = await open();
    expect(namesOf(second)).toEqual(["kept", "KSampler"]);
    expect(second.current.digest).toBe(first.current.digest);
    expect(await readdir(join(dir, "data"))).toEqual(["catalog.json.gz"]);
  });

  it("keeps 2^64−1 exact", async () => {
    await (await open()).offer(answerOf("KSampler"));
    const seed = (await open()).current.catalog.classes.get("KSampler")?.inputs.find(({ name }) => name === "seed");
    expect(seed?.spec).toMatchObject({ kind: "int", max: 2n ** 64n - 1n });
  });

  it("tells its listeners of a new answer, and of none that says the same", async () => {
    const store = await open();
    const heard: string[] = [];
    const leave = store.onChange(({ digest }) => heard.push(digest));
    await store.offer(answerOf("A"));
    await store.offer(answerOf("A"));
    await store.offer(answerOf("A", "B"));
    leave();
    await store.offer(answerOf("C"));
    expect(heard).toHaveLength(2);
    const again = await open();
    again.onChange(({ digest }) => heard.push(digest));
    await again.offer(answerOf("C"));
    expect(again.current.source).toBe("live");
    expect(heard).toHaveLength(2);
  });

  it("passes over a kept answer that is damaged", async () => {
    await (await open()).offer(answerOf("A"));
    await writeFile(join(dir, "data", "catalog.json.gz"), gzipSync("{}").subarray(0, 12));
    expect(namesOf(await open())).toEqual(["core", "Core"]);
  });

  it("takes the core nodes for a kept answer that says something else", async () => {
    await (await open()).offer(answerOf("A"));
    await writeFile(join(dir, "data", "catalog.json.gz"), gzipSync("[]"));
    expect(namesOf(await open())).toEqual(["kept", "Core"]);
  });

  it("reads a catalog when somebody looks into it, and once", async () => {
    let reads = 0;
    const store = await open({ core: () => ((reads += 1), core()) });
    expect(reads).toBe(0);
    expect(namesOf(store)).toEqual(namesOf(store));
    expect(reads).toBe(1);
  });

  it("refuses an answer that is no catalog, and keeps what it has", async () => {
    const store = await open();
    await store.offer(answerOf("A"));
    for (const text of ["<html>", "{}", "[]", '{"A": 5}']) await expect(store.offer(text)).rejects.toBeInstanceOf(CatalogFault);
    expect(namesOf(store)).toEqual(["live", "A"]);
    expect(namesOf(await open())).toEqual(["kept", "A"]);
  });

  it.each(["catalog.json", "catalog.json.gz"])("uses a file that was named, %s, whatever ComfyUI says", async (name) => {
    const file = join(dir, name);
    await writeFile(file, name.endsWith(".gz") ? gzipSync(answerOf("Named")) : `\uFEFF${answerOf("Named")}`);
    const store = await open({ file });
    await store.offer(answerOf("Live"));
    expect(namesOf(store)).toEqual(["file", "Named"]);
    expect(await readdir(dir)).toEqual([name]);
  });

  it("does not start with a named file that is missing or is none, and says which setting it is", async () => {
    await expect(open({ file: join(dir, "none.json") })).rejects.toThrow(/`catalog`/);
    await writeFile(join(dir, "bad.json.gz"), gzipSync("{}").subarray(0, 12));
    await expect(open({ file: join(dir, "bad.json.gz") })).rejects.toThrow(/damaged/);
  });

  it("serves on when the answer cannot be kept", async () => {
    await writeFile(join(dir, "data"), "a file where the folder should be");
    const store = await open({ keptAs: null });
    await store.offer(answerOf("A"));
    const other = await CatalogStore.open({ file: null, keptAs: join(dir, "data", "x", "catalog.json.gz"), core, logger: silentLogger });
    await other.offer(answerOf("A"));
    expect(namesOf(other)).toEqual(["live", "A"]);
  });
});
