import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import { Connection } from "./connection.ts";
import { type Durability, GroupCommit } from "./group-commit.ts";
import { readRow } from "./rows.ts";

const noteRow = z.object({ text: z.string() });
const versionRow = z.object({ data_version: z.number() });

let dir: string;
let writer: Connection;
let reader: Connection;
let commits: GroupCommit;

/** As another process sees them: what is committed. */
function notes(): string[] {
  return reader.all("SELECT text FROM notes ORDER BY seq").map((row) => readRow(noteRow, row).text);
}

function add(text: string): void {
  writer.run("INSERT INTO notes (text) VALUES (:text)", { text });
}

/** How often the database file's content changed, as SQLite counts it. */
function commitsSeen(): number {
  return readRow(versionRow, reader.get("PRAGMA data_version")).data_version;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "comfyui-api-group-"));
  writer = new Connection(join(dir, "notes.db"));
  writer.exec("CREATE TABLE notes (seq INTEGER PRIMARY KEY, text TEXT NOT NULL CHECK (text <> 'bad'))");
  reader = new Connection(join(dir, "notes.db"));
  commits = new GroupCommit(writer, () => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  reader.close();
  writer.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("writes of the same turn", () => {
  it("are one transaction, in the order in which they were asked for, and told only when they are committed", async () => {
    const before = commitsSeen();
    const told = [commits.write("light", () => add("a")), commits.write("synced", () => add("b")), commits.write("light", () => add("c"))];
    expect(notes()).toEqual([]);
    await told[0];
    expect(notes()).toEqual(["a", "b", "c"]);
    await Promise.all(told);
    expect(commitsSeen()).toBe(before + 1);
  });

  it("answer each its own result", async () => {
    const answers = await Promise.all([1, 2, 3].map((number) => commits.write("synced", () => number * 2)));
    expect(answers).toEqual([2, 4, 6]);
  });

  it("fail each alone: the others are written", async () => {
    const told = await Promise.allSettled(["a", "bad", "c"].map((text) => commits.write("synced", () => add(text))));
    expect(told.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(notes()).toEqual(["a", "c"]);
    expect(told[1]).toMatchObject({ reason: expect.any(AppError) });
  });

  it("have what follows from all of them written with them", async () => {
    let count = 0;
    commits = new GroupCommit(writer, () => add(`${count} at once`));
    const write = (): Promise<void> => commits.write("synced", () => void (count += 1));
    await Promise.all([write(), write()]);
    expect(notes()).toEqual(["2 at once"]);
  });

  it("that are more than a transaction takes are all written", async () => {
    await Promise.all(Array.from({ length: 1000 }, (_, at) => commits.write("light", () => add(String(at)))));
    expect(notes()).toEqual(Array.from({ length: 1000 }, (_, at) => String(at)));
  });
});

describe("the disk", () => {
  /** Syncs that are under way, each to be ended by the test. */
  let syncs: PromiseWithResolvers<void>[];
  let told: string[];
  let held: (holdMs: number, soonMs?: number) => GroupCommit;

  function write(durability: Durability, text: string): Promise<void> {
    return commits.write(durability, () => add(text)).then(
      () => void told.push(text),
      (error: unknown) => void told.push(`${text}: ${String(error)}`),
    );
  }

  beforeEach(() => {
    syncs = [];
    told = [];
    const sync = (): Promise<void> => {
      const under = Promise.withResolvers<void>();
      syncs.push(under);
      return under.promise;
    };
    held = (holdMs, soonMs = 0) => new GroupCommit({ write: (run) => writer.write(run), sync }, () => undefined, { holdMs, soonMs });
    commits = held(0);
  });

  it("is waited for by a synced write, and not by a light one", async () => {
    const writes = [write("synced", "a"), write("light", "b")];
    await writes[1];
    expect(told).toEqual(["b"]);
    syncs[0]?.resolve();
    await writes[0];
    expect(told).toEqual(["b", "a"]);
  });

  it("is not waited for by what is to be on it soon, and is told of that in time", async () => {
    await write("soon", "a");
    expect(told).toEqual(["a"]);
    await expect.poll(() => syncs.length).toBe(1);
    syncs[0]?.resolve();
    await commits.flush();
    expect(syncs.length).toBe(1);
  });

  it("has another turn for what was to be on it soon and was written while it was at work", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    commits = held(10, 100);
    const first = write("synced", "a");
    while (syncs.length === 0) await new Promise(setImmediate);
    const soon = write("soon", "b");
    vi.advanceTimersByTime(10);
    await soon;
    vi.advanceTimersByTime(100);
    expect(syncs.length).toBe(1);
    syncs[0]?.resolve();
    await first;
    vi.advanceTimersByTime(100);
    expect(syncs.length).toBe(2);
    syncs[1]?.resolve();
    await commits.flush();
    expect(told).toEqual(["b", "a"]);
  });

  it("has no turn of its own for what was to be on it soon and came there with others", async () => {
    commits = held(60_000, 60_000);
    await write("soon", "a");
    const next = write("synced", "b");
    await expect.poll(() => syncs.length).toBe(1);
    syncs[0]?.resolve();
    await next;
    // Nothing is left that a flush would have to wait for.
    await commits.flush();
    expect(syncs.length).toBe(1);
  });

  it("is waited for by a flush where something is to be on it soon", async () => {
    commits = held(60_000, 60_000);
    await write("soon", "a");
    const flushed = commits.flush().then(() => told.push("flushed"));
    await expect.poll(() => syncs.length).toBe(1);
    expect(told).toEqual(["a"]);
    syncs[0]?.resolve();
    await flushed;
  });

  it("that failed while nobody waited for it is told to the next who does, and to nobody after", async () => {
    await write("soon", "a");
    await expect.poll(() => syncs.length).toBe(1);
    syncs[0]?.reject(new Error("I/O error"));
    const next = write("synced", "b");
    await expect.poll(() => syncs.length).toBe(2);
    syncs[1]?.resolve();
    await next;
    const last = write("synced", "c");
    await expect.poll(() => syncs.length).toBe(3);
    syncs[2]?.resolve();
    await last;
    expect(told).toEqual(["a", "b: Error: I/O error", "c"]);
  });

  it("is waited for by a write whose result is worth it", async () => {
    const decided = (result: string): Durability => (result === "kept" ? "synced" : "light");
    const results: string[] = [];
    const writes = ["kept", "lost"].map((text) => commits.write(decided, () => (add(text), text)).then((result) => void results.push(result)));
    await writes[1];
    expect(results).toEqual(["lost"]);
    expect(notes()).toEqual(["kept", "lost"]);
    syncs[0]?.resolve();
    await writes[0];
    expect(results).toEqual(["lost", "kept"]);
  });

  it("has another turn for what was committed while it was at work", async () => {
    const first = write("synced", "a");
    await expect.poll(() => syncs.length).toBe(1);
    const others = [write("synced", "b"), write("synced", "c")];
    await expect.poll(notes).toEqual(["a", "b", "c"]);
    syncs[0]?.resolve();
    await first;
    expect(told).toEqual(["a"]);
    await expect.poll(() => syncs.length).toBe(2);
    syncs[1]?.resolve();
    await Promise.all(others);
    expect(told).toEqual(["a", "b", "c"]);
  });

  it("is waited for by what is asked for while it is at work, which is one transaction then", async () => {
    commits = held(60_000);
    const first = write("synced", "a");
    await expect.poll(() => syncs.length).toBe(1);
    const before = commitsSeen();
    const writes = [write("light", "b")];
    await new Promise(setImmediate);
    writes.push(write("synced", "c"));
    await new Promise(setImmediate);
    expect(notes()).toEqual(["a"]);
    syncs[0]?.resolve();
    await first;
    await writes[0];
    expect(commitsSeen()).toBe(before + 1);
    expect(told).toEqual(["a", "b"]);
    syncs[1]?.resolve();
    await writes[1];
    expect(notes()).toEqual(["a", "b", "c"]);
  });

  it("is waited for no longer than it may be: a light write is told although the disk does not answer", async () => {
    const first = write("synced", "a");
    await expect.poll(() => syncs.length).toBe(1);
    await write("light", "b");
    expect(told).toEqual(["b"]);
    expect(syncs.length).toBe(1);
    syncs[0]?.resolve();
    await first;
  });

  it("that fails is told to whoever waited for it, and to nobody after them", async () => {
    const failed = write("synced", "a");
    await expect.poll(() => syncs.length).toBe(1);
    syncs[0]?.reject(new Error("I/O error"));
    await failed;
    const next = write("synced", "b");
    await expect.poll(() => syncs.length).toBe(2);
    syncs[1]?.resolve();
    await next;
    expect(told).toEqual(["a: Error: I/O error", "b"]);
  });

  it("is waited for by a flush", async () => {
    const writing = write("synced", "a");
    const flushed = commits.flush().then(() => told.push("flushed"));
    await expect.poll(() => syncs.length).toBe(1);
    syncs[0]?.resolve();
    await Promise.all([writing, flushed]);
    expect(told).toEqual(["a", "flushed"]);
  });
});

it("a flush writes what waits at once", async () => {
  const told = commits.write("synced", () => add("a"));
  await commits.flush();
  expect(notes()).toEqual(["a"]);
  await told;
});

it("a database that takes nothing fails every write, and takes the next when it does again", async () => {
  writer.exec("PRAGMA query_only = ON");
  const told = await Promise.allSettled([commits.write("synced", () => add("a")), commits.write("light", () => add("b"))]);
  expect(told.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  writer.exec("PRAGMA query_only = OFF");
  await commits.write("synced", () => add("c"));
  expect(notes()).toEqual(["c"]);
});
