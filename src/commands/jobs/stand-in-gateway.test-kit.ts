import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenLocally } from "../../../test/local-server.ts";
import { stringifyJson } from "../../json/exact.ts";
import { HeldClock } from "../../telemetry/held-clock.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { runCommandLine } from "../command-line.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface StandInGateway {
  readonly url: string;
  /** `METHOD path` of each request, with `<id>` of the Last-Event-ID after those for events. */
  readonly requests: readonly string[];
  /** What each had in X-API-Key. */
  readonly keys: readonly (string | undefined)[];
}

/** A server that answers as the test says; ends with the test. */
export async function standInGateway(handler: Handler): Promise<StandInGateway> {
  const requests: string[] = [];
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const lastEventId = request.headers["last-event-id"];
    requests.push(`${request.method} ${request.url}${lastEventId === undefined ? "" : ` <${String(lastEventId)}>`}`);
    keys.push(request.headersDistinct["x-api-key"]?.join());
    handler(request, response);
  });
  return { url: await listenLocally(server), requests, keys };
}

export function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
  response.end(stringifyJson(body));
}

export function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
}

/** One event as the gateway writes it. */
export function eventText(id: number, type: string, data: object = {}): string {
  return `id: ${id}\nevent: ${type}\ndata: ${stringifyJson({ job_id: exampleId, id, at: "2026-01-01T00:00:00.000Z", type, ...data })}\n\n`;
}

export const exampleId = "0f8fad5b-d9cb-469f-a165-70867728950e";

/** A job as GET /v1/jobs/{id} answers it. */
export function jobView(over: object = {}): object {
  return {
    id: exampleId,
    workflow: "qwen/qwen_base_txt2img",
    status: "queued",
    priority: "normal",
    attempt: 0,
    created_at: "2026-01-01T00:00:00.000Z",
    started_at: null,
    completed_at: null,
    queue_position: 2,
    progress: null,
    inputs: { prompt: "test", seed: 18_446_744_073_709_551_615n },
    outputs: [],
    warnings: [],
    error: null,
    metrics: { queue_seconds: null, execution_seconds: null, cached_nodes: null },
    urls: {},
    ...over,
  };
}

export interface CommandRun {
  readonly clock: HeldClock;
  readonly stop: AbortController;
  readonly readerGone: AbortController;
  printed(): string;
  complained(): string;
  /** Resolves when the command has ended. */
  readonly code: Promise<ExitCode>;
}

/** Runs a command line with a clock that is held at 2026-01-01T01:00:00Z. */
export function runCommand(argv: readonly string[], over: Partial<Surroundings> = {}): CommandRun {
  const clock = new HeldClock(Date.parse("2026-01-01T01:00:00Z"));
  const [stop, readerGone] = [new AbortController(), new AbortController()];
  let printed = "";
  let complained = "";
  const code = runCommandLine(argv, {
    build: { version: "1.2.3", commit: null, node: "24.21.0" },
    executable: null,
    supervisor: { ready: () => Promise.resolve(), stopping: () => Promise.resolve() },
    runProgram: (program) => Promise.resolve({ code: 127, stdout: "", stderr: `There is no program ${program}.` }),
    isRoot: false,
    builtinWorkflows: [],
    env: {},
    readFile: () => "",
    workflowsBeside: null,
    print: (text) => {
      printed += text;
    },
    complain: (text) => {
      complained += text;
    },
    terminal: () => null,
    readerGone: readerGone.signal,
    clock,
    stopAsked: stop.signal,
    startGateway: () => Promise.reject(new Error("no gateway is started here")),
    ...over,
  });
  return { clock, stop, readerGone, printed: () => printed, complained: () => complained, code };
}
