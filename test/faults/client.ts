import { createHash } from "node:crypto";
import { vi } from "vitest";
import { z } from "zod";
import type { Graph } from "../../src/graph/graph.ts";
import { parseJson, stringifyJson } from "../../src/json/exact.ts";
import { type EventSeen, readEvents } from "./event-log.ts";

const jobSchema = z.object({
  id: z.string(),
  status: z.enum(["queued", "running", "completed", "failed", "cancelled"]),
  attempt: z.number(),
  queue_position: z.number().nullable(),
  progress: z.object({ percent: z.number() }).nullable(),
  outputs: z.array(z.object({ kind: z.string(), filename: z.string(), sha256: z.string(), size: z.number(), url: z.string() })),
  warnings: z.array(z.object({ code: z.string() })),
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
  webhook: z.object({ state: z.string() }).nullable(),
});
const problemSchema = z.object({ code: z.string(), detail: z.string() });

export type JobSeen = z.infer<typeof jobSchema>;
export type Refusal = z.infer<typeof problemSchema> & { readonly status: number };

export interface Submit {
  readonly graph: Graph;
  readonly idempotencyKey?: string;
  /** Seconds; 0, the default, answers at once. */
  readonly wait?: number;
  /** Query parameters. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Jobs and nodes must get there also on a machine that runs everything else at the same time. */
export const patience = { timeout: 30_000, interval: 20 };

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The body of an answer with one of these statuses. */
function bodyOf({ status, text }: Answer, ...wanted: readonly number[]): unknown {
  if (!wanted.includes(status)) throw new Error(`${status} instead of ${wanted.join(" or ")}: ${text}`);
  return parseJson(text);
}

function refusalOf({ status, text }: Answer): Refusal {
  return { status, ...problemSchema.parse(parseJson(text)) };
}

/** Talks to a gateway as its callers do. Rejects when an answer is not of the expected kind. */
export class Client {
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.#url()}${path}`, init);
    return { status: response.status, text: await response.text() };
  }

  /** Sends a run and takes whatever is answered. Rejects when the connection breaks. */
  async post(params: Submit): Promise<Answer> {
    const response = await this.#send(params, { prefer: `wait=${params.wait ?? 0}` });
    return { status: response.status, text: await response.text() };
  }

  /** Sends a run whose answer is its events. */
  async stream(params: Submit, signal: AbortSignal): Promise<Response> {
    return this.#send(params, { accept: "text/event-stream" }, signal);
  }

  async #send({ graph, idempotencyKey, query = {} }: Submit, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.#url()}/v1/jobs?${new URLSearchParams(query).toString()}`, {
      method: "POST",
      body: stringifyJson({ graph }),
      headers: { ...headers, ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }) },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** An accepted run. */
  async submit(params: Submit): Promise<JobSeen> {
    return jobSchema.parse(bodyOf(await this.post(params), 200, 202));
  }

  /** As `submit`; null when the connection broke before there was a whole answer. */
  async trySubmit(params: Submit): Promise<JobSeen | null> {
    try {
      return await this.submit(params);
    } catch (error) {
      // What fetch throws for a connection that was refused or cut.
      if (error instanceof TypeError) return null;
      throw error;
    }
  }

  /** A run that is refused. */
  async refused(params: Submit): Promise<Refusal> {
    return refusalOf(await this.post(params));
  }

  async #upload(content: Uint8Array<ArrayBuffer>): Promise<Answer> {
    return this.#fetch("/v1/files", { method: "POST", body: content, headers: { "content-type": "application/octet-stream" } });
  }

  async upload(content: Uint8Array<ArrayBuffer>): Promise<{ readonly reference: string }> {
    return z.object({ reference: z.string() }).parse(bodyOf(await this.#upload(content), 200, 201));
  }

  async refusedUpload(content: Uint8Array<ArrayBuffer>): Promise<Refusal> {
    return refusalOf(await this.#upload(content));
  }

  async job(id: string): Promise<JobSeen> {
    return jobSchema.parse(bodyOf(await this.#fetch(`/v1/jobs/${id}`), 200));
  }

  /** Calls the job off. 200: it is cancelled, 202: it will be; else the problem. */
  async cancel(id: string): Promise<{ readonly status: number; readonly code: string | null }> {
    const { status, text } = await this.#fetch(`/v1/jobs/${id}`, { method: "DELETE" });
    return { status, code: status < 300 ? null : problemSchema.parse(parseJson(text)).code };
  }

  /** As `cancel`, when the connection may break over it. */
  async tryCancel(id: string): Promise<void> {
    try {
      await this.cancel(id);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** All events of a finished job. */
  async events(id: string): Promise<readonly EventSeen[]> {
    const answer = await this.#fetch(`/v1/jobs/${id}/events`);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    return readEvents(answer.text);
  }

  async jobIds(): Promise<readonly string[]> {
    const body = bodyOf(await this.#fetch("/v1/jobs?limit=100"), 200);
    return z.object({ jobs: z.array(z.object({ id: z.string() })) }).parse(body).jobs.map(({ id }) => id);
  }

  /** The job once it looks as `condition` says. */
  async until(id: string, condition: (job: JobSeen) => boolean, waiting = patience): Promise<JobSeen> {
    return vi.waitFor(async () => {
      const job = await this.job(id);
      // The whole job, so that a failed test shows where it stopped.
      if (!condition(job)) throw new Error(`the job is not there yet: ${stringifyJson(job)}`);
      return job;
    }, waiting);
  }

  running(id: string): Promise<JobSeen> {
    return this.until(id, ({ status }) => status === "running");
  }

  finished(id: string): Promise<JobSeen> {
    return this.until(id, ({ status }) => status !== "queued" && status !== "running");
  }

  /** 200 and no problem, or 503 and what keeps the gateway from being ready. */
  async ready(): Promise<{ readonly status: number; readonly detail: string | null }> {
    const { status, text } = await this.#fetch("/ready");
    return { status, detail: status === 200 ? null : problemSchema.parse(parseJson(text)).detail };
  }

  /** Resolves when jobs can run: the gateway serves before it has found ComfyUI. */
  async untilReady(): Promise<void> {
    await vi.waitFor(async () => {
      const { status, detail } = await this.ready();
      if (status !== 200) throw new Error(`the gateway is not ready: ${detail}`);
    }, patience);
  }

  /** The outputs' bytes, each whole and as the job describes it. */
  async downloaded(job: JobSeen): Promise<readonly Buffer[]> {
    return Promise.all(
      job.outputs.map(async ({ url, sha256, size }) => {
        const response = await fetch(new URL(url, this.#url()));
        const bytes = Buffer.from(await response.arrayBuffer());
        const isWhole = response.status === 200 && bytes.length === size && createHash("sha256").update(bytes).digest("hex") === sha256;
        if (!isWhole) throw new Error(`${url} answers ${response.status} with ${bytes.length} bytes that are not the output`);
        return bytes;
      }),
    );
  }
}
