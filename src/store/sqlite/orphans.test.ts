import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Connection } from "./connection.ts";
import { Orphans } from "./orphans.ts";
import { migrate } from "./schema.ts";

let dir: string;
let connection: Connection;
let orphans: Orphans;

/** As its callers do: in a transaction, and told to the orphans. */
function lease(id: string, until: number): void {
  connection.run("UPDATE jobs SET lease_until = :until WHERE id = :id", { id, until });
  orphans.leasedUntil(until);
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "comfyui-api-orphans-"));
  connection = new Connection(join(dir, "jobs.db"));
  migrate(connection);
  connection.exec("INSERT INTO jobs (id, urgency, virtual_time, rank, created_at) VALUES ('a', 2, 1, 1, 0), ('b', 0, 2, 2, 0), ('c', 2, 3, 3, 0)");
  orphans = new Orphans(connection);
});

afterEach(() => {
  connection.close();
  rmSync(dir, { recursive: true, force: true });
});

it("there are none while nothing is leased, and none before the first lease ends", () => {
  expect(orphans.count(1_000_000)).toBe(0);
  connection.write(() => lease("a", 500));
  connection.write(() => lease("b", 600));
  expect([orphans.count(499), orphans.count(500), orphans.count(600)]).toEqual([0, 1, 2]);
  expect([orphans.countSome(600, 1), orphans.countSome(600, 5)]).toEqual([1, 2]);
});

it("the more urgent comes first, then the older", () => {
  for (const id of ["c", "b", "a"]) connection.write(() => lease(id, 500));
  expect([orphans.first(499), orphans.first(500)]).toEqual([null, 2]);
  connection.write(() => lease("b", 900));
  expect(orphans.first(500)).toBe(1);
});

it("a job is none any more once its lease is extended, and one again when that ends", () => {
  connection.write(() => lease("a", 500));
  expect(orphans.count(500)).toBe(1);
  connection.write(() => lease("a", 800));
  expect([orphans.count(500), orphans.count(799), orphans.count(800)]).toEqual([0, 0, 1]);
});

it("a lease that was extended in a transaction that was undone ends when it did before", () => {
  connection.write(() => lease("a", 500));
  const undone = (): void =>
    connection.write(() => {
      lease("a", 10_000);
      expect(orphans.count(500)).toBe(0);
      throw new Error("undone");
    });
  expect(undone).toThrow("could not use");
  expect(orphans.count(500)).toBe(1);
});

it("a lease that begins when the host's time was set back may end before all others", () => {
  connection.write(() => lease("a", 10_000));
  expect(orphans.count(9_000)).toBe(0);
  connection.write(() => lease("b", 2_000));
  expect([orphans.count(1_999), orphans.count(2_000)]).toEqual([0, 1]);
});
