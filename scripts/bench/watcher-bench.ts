import { get as httpGet } from "node:http";
import { join } from "node:path";
import { z } from "zod";
import { EventStreamParser } from "../../src/commands/jobs/event-stream.ts";
import { startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { parseJson, stringifyJson } from "../../src/json/exact.ts";
import { startGateway } from "./gateway.ts";
import { slowGraph } from "./graph.ts";
import type { Row } from "./report.ts";
import { Timings } from "./timings.ts";

const stepMs = 10;
const rounds = 3;
/** Watchers that have not seen the end by then never will. */
const patienceMs = 30_000;

const jobSchema = z.object({ id: z.string(), status: z.string() });

async function jobAt(url: string, init?: RequestInit): Promise<z.infer<typeof jobSchema>> {
  const response = await fetch(url, init);
  return jobSchema.parse(parseJson(await response.text()));
}

const eventSchema = z.object({ at: z.string() });

interface Seen {
  /** Of the events, in the order in which they came. */
  readonly ids: readonly string[];
  /** From the last event to the moment when this watcher had it. */
  readonly lagMs: number;
}

/** What one watcher sees until the stream ends. */
function watch(url: string, onFirst: () => void): Promise<Seen> {
  const { promise, resolve, reject } = Promise.withResolvers<Seen>();
  const ids: string[] = [];
  let lagMs = 0;
  const request = httpGet(url, { agent: false, timeout: patienceMs }, (response) => {
    const parser = new EventStreamParser();
    if (response.statusCode !== 200) reject(new Error(`a watcher was answered with ${response.statusCode}`));
    response.on("data", (chunk: Buffer) => {
      for (const message of parser.push(chunk)) {
        if (!message.hasId) continue;
        if (ids.length === 0) onFirst();
        ids.push(message.lastId);
        if (message.event === "completed") lagMs = Date.now() - Date.parse(eventSchema.parse(parseJson(message.data)).at);
      }
    });
    response.on("end", () => resolve({ ids, lagMs }));
    response.on("error", reject);
  });
  request.on("timeout", () => request.destroy(new Error("a watcher heard nothing")));
  request.on("error", reject);
  return promise;
}

/** 500 watchers on one job: what each of them sees, and what that costs the job. */
export async function benchWatchers(dir: string, program: string, watchers: number): Promise<readonly Row[]> {
  const demo = await startDemoComfyui({ stepMs });
  const gateway = await startGateway({ program, dataDir: join(dir, "watched"), comfyuiUrl: demo.url });
  let seed = 0;

  const round = async (count: number, execution: Timings): Promise<readonly Seen[]> => {
    const release = demo.faults.holdNode("Slow");
    const body = stringifyJson({ graph: slowGraph((seed += 1)) });
    const { id } = await jobAt(`${gateway.url}/v1/jobs`, { method: "POST", body, headers: { prefer: "respond-async" } });
    let waiting = count;
    const all = Promise.withResolvers<void>();
    const onFirst = (): void => {
      waiting -= 1;
      if (waiting === 0) all.resolve();
    };
    const watching = Array.from({ length: count }, () => watch(`${gateway.url}/v1/jobs/${id}/events`, onFirst));
    const seen = Promise.all(watching);
    if (count > 0) await Promise.race([all.promise, seen]);
    await execution.take(async () => {
      release();
      await finished(gateway.url, id);
    });
    return seen;
  };

  const [alone, watched] = [new Timings(), new Timings()];
  const seen: (readonly Seen[])[] = [];
  // A first run warms up what all later ones use.
  await round(0, new Timings());
  for (let turn = 0; turn < rounds; turn += 1) {
    await round(0, alone);
    seen.push(await round(watchers, watched));
  }
  await gateway.kill();
  await demo.stop();

  const whole = seen.flatMap((each) => each.filter(({ ids }) => ids.every((id, index) => id === String(index + 1)) && ids.length === each[0]?.ids.length));
  const [without, withAll] = [alone.at(0.5), watched.at(0.5)];
  return [
    { what: `events: watchers that saw all of them, each once`, measured: `${whole.length} of ${watchers * rounds}`, wanted: "all" },
    { what: `events: a job with ${watchers} watchers`, measured: `${withAll.toFixed(0)} ms`, beside: `${without.toFixed(0)} ms with none`, ratio: withAll / without, wanted: "about 1" },
    { what: "events: the last watcher is told of the end after", measured: `${Math.max(...seen.flat().map(({ lagMs }) => lagMs))} ms` },
  ];
}

/** Resolves when the job is completed. */
async function finished(url: string, id: string): Promise<void> {
  for (;;) {
    const { status } = await jobAt(`${url}/v1/jobs/${id}`);
    if (status === "completed") return;
    if (status === "failed" || status === "cancelled") throw new Error(`the job is ${status}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
