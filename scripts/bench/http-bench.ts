import { join } from "node:path";
import { z } from "zod";
import { parseJson, stringifyJson } from "../../src/json/exact.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { benchGraph } from "./graph.ts";
import { type Row, rate } from "./report.ts";
import { repeat, Timings } from "./timings.ts";

/** Nothing listens there: every job waits. */
const noComfyui = "http://127.0.0.1:9";
const clients = 16;

async function submit(url: string, seed: number): Promise<string> {
  const response = await fetch(`${url}/v1/jobs`, { method: "POST", body: stringifyJson({ graph: benchGraph(seed) }), headers: { prefer: "respond-async" } });
  const body = parseJson(await response.text());
  if (response.status !== 202) throw new Error(`a job was answered with ${response.status}: ${stringifyJson({ body })}`);
  return z.object({ id: z.string() }).parse(body).id;
}

async function read(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
}

/** 10,000 jobs queued through a running gateway whose ComfyUI is away, and the gateway killed and started on them. */
export async function benchHttp(dir: string, program: string, count: number): Promise<readonly Row[]> {
  const start = (name: string): Promise<Gateway> => startGateway({ program, dataDir: join(dir, name), comfyuiUrl: noComfyui });
  const fresh = await start("empty");
  const bare = await repeat({ count: 2_000, width: clients, withinMs: 10_000 }, () => read(`${fresh.url}/health`));
  await fresh.kill();

  const gateway = await start("full");
  const ids: string[] = [];
  const submits = new Timings();
  const submitted = await repeat({ count, width: clients, withinMs: 45_000 }, async (index) => {
    ids.push(await submits.take(() => submit(gateway.url, index)));
  });
  const [lists, gets] = [new Timings(), new Timings()];
  for (let turn = 0; turn < 200; turn += 1) {
    await lists.take(() => read(`${gateway.url}/v1/jobs?limit=50&status=queued`));
    await gets.take(() => read(`${gateway.url}/v1/jobs/${ids[(turn * 7919) % ids.length]}`));
  }
  await gateway.kill();
  const again = await start("full");
  await again.kill();
  const empty = await start("empty");
  await empty.kill();

  const queued = `${submitted.done} queued`;
  return [
    { what: `http: submit, ${clients} clients`, measured: rate(submitted.perSecond), beside: `${rate(bare.perSecond)} of GET /health`, ratio: submitted.perSecond / bare.perSecond, wanted: ">= 300 a second" },
    { what: `http: submit (p50 / p99)`, measured: String(submits) },
    { what: `http: GET /v1/jobs?limit=50, ${queued}`, measured: String(lists) },
    { what: `http: GET /v1/jobs/{id} with its place, ${queued}`, measured: String(gets) },
    {
      what: `restart after kill -9, ${queued}: time to the first answer`,
      measured: `${again.readyMs.toFixed(0)} ms`,
      beside: `${empty.readyMs.toFixed(0)} ms with none`,
      ratio: again.readyMs / empty.readyMs,
      wanted: "< 2000 ms",
    },
  ];
}
