import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { exampleJob } from "../../src/job/example-job.ts";
import { newJob } from "../../src/job/new-job.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { type Row, rate } from "./report.ts";
import { benchGraph } from "./graph.ts";
import { repeat, Timings } from "./timings.ts";

/** What the disk can do at all: one small write after the other, each on the medium before the next. */
async function syncsPerSecond(dir: string): Promise<number> {
  const handle = await open(join(dir, "syncs"), "w");
  const { perSecond } = await repeat({ count: 2_000, withinMs: 4_000 }, async () => {
    await handle.write(Buffer.alloc(4096));
    await handle.datasync();
  });
  await handle.close();
  return perSecond;
}

/** 10,000 jobs queued in the store itself. */
export async function benchStore(dir: string, count: number): Promise<readonly Row[]> {
  const syncs = await syncsPerSecond(dir);
  const path = join(dir, "store", "jobs.db");
  let store = await openSqliteStore({ path });
  const ids: string[] = [];
  const inserts = await repeat({ count, withinMs: 40_000 }, async (index) => {
    const id = randomUUID();
    ids.push(id);
    const job = newJob({ ...exampleJob(), id, graph: benchGraph(index), createdAt: Date.now() });
    await store.insert(job, { maxQueued: Number.MAX_SAFE_INTEGER });
  });

  const [claims, lists, places] = [new Timings(), new Timings(), new Timings()];
  for (let turn = 0; turn < 500; turn += 1) {
    const id = ids[(turn * 7919) % ids.length] ?? "";
    await lists.take(() => store.listJobs({ limit: 50, status: "queued" }));
    await places.take(() => store.queuePosition(id));
  }
  for (let turn = 0; turn < 500; turn += 1) await claims.take(() => store.claim({ owner: "bench", leaseMs: 60_000, nowMs: Date.now() }));
  await store.close();

  const reopening = new Timings();
  store = await reopening.take(() => openSqliteStore({ path }));
  await store.close();
  const queued = `${inserts.done} queued`;
  return [
    { what: "store: insert, one after the other", measured: rate(inserts.perSecond), beside: `${rate(syncs)} bare syncs`, ratio: inserts.perSecond / syncs },
    { what: `store: claim, ${queued} (p50 / p99)`, measured: String(claims), wanted: "p99 < 10 ms" },
    { what: `store: list 50, ${queued}`, measured: String(lists), wanted: "p99 < 10 ms" },
    { what: `store: place in the queue, ${queued}`, measured: String(places), wanted: "p99 < 10 ms" },
    { what: `store: open, ${queued}`, measured: `${reopening.at(0.5).toFixed(0)} ms` },
  ];
}
