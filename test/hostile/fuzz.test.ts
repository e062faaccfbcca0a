import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { z } from "zod";
import { isErrorCode } from "../../src/errors/table.ts";
import { openGateway, type Gateway, type Received, type Sent } from "../http/gateway.ts";
import { Dice, ValueMaker } from "./near-valid.ts";

const parameter = z.looseObject({ name: z.string(), in: z.string(), schema: z.unknown() });
const operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) }).optional(),
});
const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operation)) });

/** `FUZZ_SEED=… npx vitest run test/hostile/fuzz.test.ts` repeats a run; `FUZZ_REQUESTS` makes a longer one. */
const requests = Number(process.env["FUZZ_REQUESTS"] ?? 10_000);
const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1_000_000_000);

/** Of what is in use, over the second half of the requests: a leak of two kilobytes each passes it. */
const maxGrowthBytes = 10_000_000;

/** Bytes in use once all garbage is gone. */
function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}

class Fuzzer {
  readonly #dice = new Dice(seed);
  readonly #values: ValueMaker;
  readonly #operations: readonly [{ method: string; path: string; operation: z.infer<typeof operation> }, ...{ method: string; path: string; operation: z.infer<typeof operation> }[]];
  readonly #jobs: [string, ...string[]] = ["x"];
  readonly #files: [string, ...string[]] = ["x"];

  constructor(text: string) {
    const raw: unknown = JSON.parse(text);
    this.#values = new ValueMaker(this.#dice, raw);
    const [first, ...rest] = Object.entries(documentSchema.parse(raw).paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, each]) => ({ method: method.toUpperCase(), path, operation: each })));
    if (first === undefined) throw new Error("the document has no operation");
    this.#operations = [first, ...rest];
  }

  /** Jobs and files that exist are asked for more often than others. */
  learn(asked: string, answer: Received): void {
    this.done.set(asked, (this.done.get(asked) ?? 0) + (answer.status < 400 ? 1 : 0));
    const made = z.looseObject({ id: z.string() }).safeParse(answer.json).data;
    if (made === undefined || !asked.startsWith("POST ")) return;
    const known = asked === "POST /v1/files" ? this.#files : this.#jobs;
    // The newest ones: a job that is not finished can be cancelled.
    if (known.length < 50) known.push(made.id);
    else known[1 + Math.floor(this.#dice.next() * 49)] = made.id;
  }

  /** `METHOD path` of each operation that was asked for, and how often it did what was asked. */
  readonly done = new Map<string, number>();

  operations(): readonly string[] {
    return this.#operations.map(({ method, path }) => `${method} ${path}`);
  }

  next(): { readonly operation: string; readonly method: string; readonly url: string; readonly sent: Sent } {
    const { method, path, operation: asked } = this.#dice.pick(this.#operations);
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(this.#dice.pick(this.#dice.oneIn(4) ? ["0", "%", "..", "ü", "a/b"] : this.#namesOf(name, path))));
    const query = asked.parameters.filter((each) => each.in === "query" && this.#dice.oneIn(4)).map(({ name, schema }) => `${name}=${encodeURIComponent(this.#text(this.#values.make(name === "webhook" ? { type: "string", format: "uri" } : schema)))}`);
    const headers = asked.parameters.filter((each) => each.in === "header" && this.#dice.oneIn(4)).map(({ name, schema }): [string, string] => [name, this.#text(this.#values.make(schema)).replaceAll(/[^\x20-\x7e]/g, "").trim()]);
    const [media] = Object.entries(asked.requestBody?.content ?? {});
    const body = method === "GET" || media === undefined ? undefined : this.#body(path.endsWith("/graph") ? this.#inputs() : media[1].schema);
    const all = Object.fromEntries([...headers.filter(([name]) => name !== "Prefer"), ["Prefer", "respond-async"]]);
    return { operation: `${method} ${path}`, method: this.#dice.oneIn(30) ? this.#dice.pick(["PUT", "PATCH", "DELETE"]) : method, url: `${filled}${query.length === 0 ? "" : `?${query.join("&")}`}`, sent: { headers: all, ...(body === undefined ? {} : { body }) } };
  }

  /** The document does not say what each workflow takes where all of them share a path. */
  #inputs(): unknown {
    const same = this.#operations.find(({ method, path }) => method === "POST" && path === "/test/picture");
    return Object.values(same?.operation.requestBody?.content ?? {})[0]?.schema;
  }

  #namesOf(placeholder: string, path: string): [string, ...string[]] {
    if (placeholder === "index") return ["0", "1"];
    if (placeholder === "family") return ["test"];
    if (placeholder === "name") return ["picture", "edit", "crash"];
    return path.startsWith("/v1/files") ? this.#files : this.#jobs;
  }

  #text(value: unknown): string {
    return (typeof value === "string" ? value.toWellFormed() : (JSON.stringify(value) ?? "")).slice(0, 300);
  }

  #body(schema: unknown): string {
    // A job that never ends would hold whoever reads its events.
    const text = (JSON.stringify(this.#values.make(schema)) ?? "").replaceAll(/"(pending|running)"/g, '"completed"');
    return this.#dice.oneIn(15) ? text.slice(0, Math.floor(text.length * this.#dice.next())) : text;
  }
}

/** A workflow that throws, a stream that takes a WebSocket, a job that would have to be caught while it waits. */
const neverDone = ["POST /test/crash", "GET /v1/stream", "DELETE /v1/jobs/{id}"];

const problem = z.looseObject({ code: z.string().refine(isErrorCode), status: z.number(), title: z.string(), detail: z.string(), instance: z.string(), type: z.string() });

/** Test modules that throw answer 500 by design, and say so. */
function isOwnFault({ status, json }: Received): boolean {
  return status >= 500 && !["workflow_failed", "comfyui_unreachable"].includes(z.looseObject({ code: z.string() }).safeParse(json).data?.code ?? "");
}

async function run(gateway: Gateway, fuzzer: Fuzzer, count: number): Promise<readonly string[]> {
  const faults: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { operation: asked, method, url, sent } = fuzzer.next();
    const answer = await gateway.send(method, url, sent);
    fuzzer.learn(asked, answer);
    const shown = `${method} ${url} ${typeof sent.body === "string" ? sent.body.slice(0, 300) : ""} → ${answer.status} ${answer.bytes.toString().slice(0, 300)}`;
    if (isOwnFault(answer)) faults.push(shown);
    if (answer.status >= 400 && method !== "HEAD" && !(problem.safeParse(answer.json).success && answer.headers.get("content-type") === "application/problem+json")) faults.push(shown);
  }
  return faults;
}

it(`answers ${requests} valid and near-valid requests of seed ${seed} without a fault of its own, in bounded memory`, { timeout: 600_000 }, async () => {
  const gateway = await openGateway();
  try {
    const fuzzer = new Fuzzer((await gateway.send("GET", "/openapi.json")).bytes.toString());
    expect(await run(gateway, fuzzer, Math.ceil(requests / 2)), `FUZZ_SEED=${seed}`).toEqual([]);
    const before = liveBytes();
    expect(await run(gateway, fuzzer, Math.floor(requests / 2)), `FUZZ_SEED=${seed}`).toEqual([]);
    expect(liveBytes() - before).toBeLessThan(maxGrowthBytes);
    expect((await gateway.send("GET", "/health")).status).toBe(200);
    // Requests that are turned away at the door everywhere would prove nothing. A few hundred need not reach all.
    const undone = requests < 5_000 ? [] : fuzzer.operations().filter((each) => (fuzzer.done.get(each) ?? 0) === 0 && !neverDone.includes(each));
    expect(undone, `FUZZ_SEED=${seed}`).toEqual([]);
  } finally {
    await gateway.close();
  }
});
