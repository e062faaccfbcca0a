import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { type DemoComfyui, type DemoOptions, startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { stringifyJson } from "../../src/json/exact.ts";
import type { CheckpointName } from "../../src/telemetry/checkpoint.ts";
import { Executable } from "../smoke/executable.ts";
import { Client } from "./client.ts";
import { lastingPort } from "./port.ts";

/** The test that something belongs to, and ends with. */
export type Surroundings = Pick<TestContext, "onTestFailed" | "onTestFinished">;

export interface HostOptions {
  /** The built program: a file to run, and what comes before its own arguments. */
  readonly command: readonly [string, ...string[]];
  readonly demo?: DemoOptions;
  /** Of every gateway that starts here. */
  readonly args?: readonly string[];
  /** Default: a fresh folder. One that is given is not removed. */
  readonly dataDir?: string;
  /** Default: that of the stand-in. */
  readonly comfyuiUrl?: string;
}

export interface StartOptions {
  /** Where the gateway is to die: a checkpoint, or `checkpoint:n` for its n-th passage. */
  readonly killAt?: CheckpointName | `${CheckpointName}:${number}`;
  readonly args?: readonly string[];
}

export interface Fate {
  readonly status: string;
  readonly code: string | null;
  readonly warnings: readonly string[];
  /** Their file names. */
  readonly outputs: readonly string[];
  /** How often ComfyUI began to run it. */
  readonly executions: number;
}

/** The tests' own looking at jobs would bury what happened. */
function withoutPolling(output: string): string {
  return output.split("\n").filter((line) => !line.includes('"method":"GET"')).join("\n");
}

/**
 * A machine with a ComfyUI stand-in, a data folder, and a gateway that can die and come back at the same port. The
 * stand-in lives in the test's own process, so that it outlives every gateway. Ends with the test that opened it.
 */
export class Host {
  readonly demo: DemoComfyui;
  readonly dataDir: string;
  readonly client = new Client(() => this.url);
  readonly #options: HostOptions;
  readonly #port: number;
  readonly #lives: Executable[] = [];

  private constructor(options: HostOptions, parts: { readonly demo: DemoComfyui; readonly dataDir: string; readonly port: number }) {
    this.#options = options;
    this.demo = parts.demo;
    this.dataDir = parts.dataDir;
    this.#port = parts.port;
  }

  /** Tests of a file may run at the same time, so each brings its own context. */
  static async open(surroundings: Surroundings, options: HostOptions): Promise<Host> {
    const { onTestFailed, onTestFinished } = surroundings;
    const demo = await startDemoComfyui({ port: await lastingPort(surroundings), ...options.demo });
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "comfyui-api-faults-")));
    const host = new Host(options, { demo, dataDir, port: await lastingPort(surroundings) });
    onTestFailed(() => {
      process.stderr.write(host.#lives.map((life, index) => `--- gateway ${index + 1} ---\n${withoutPolling(life.output)}\n`).join(""));
    });
    onTestFinished(async () => {
      await Promise.all(host.#lives.map((life) => life.end("SIGKILL")));
      await demo.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    });
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The gateway that was started last. */
  get gateway(): Executable {
    const last = this.#lives.at(-1);
    if (last === undefined) throw new Error("no gateway was started");
    return last;
  }

  /** Resolves when it serves. */
  async start({ killAt, args = [] }: StartOptions = {}): Promise<void> {
    const { command, comfyuiUrl = this.demo.url } = this.#options;
    const [file, ...before] = command;
    const gateway = new Executable({
      file,
      args: [...before, "serve", `--port=${this.#port}`, `--data-dir=${this.dataDir}`, `--comfyui-url=${comfyuiUrl}`, "--log-level=debug", ...(this.#options.args ?? []), ...args],
      cwd: tmpdir(),
      ...(killAt === undefined ? {} : { env: { COMFYUI_API_KILL_AT: killAt } }),
    });
    this.#lives.push(gateway);
    await gateway.printed(/serves on \S+\n/);
  }

  /** kill -9. Resolves when the gateway is gone. */
  async kill(): Promise<void> {
    this.gateway.send("SIGKILL");
    await this.died();
  }

  /** Resolves when the gateway has died at its checkpoint. Rejects when it ended in any other way. */
  async died(): Promise<void> {
    const end = await this.gateway.end();
    if (end !== "SIGKILL") throw new Error(`the gateway was not killed but ended with ${end}`);
  }

  async restart(options: StartOptions = {}): Promise<void> {
    await this.kill();
    await this.start(options);
  }

  /** Prompt ids under which ComfyUI took the job: its save nodes write below a folder named after it. */
  promptsOf(jobId: string): readonly string[] {
    return this.demo
      .accepted()
      .filter(({ prompt }) => stringifyJson(prompt).includes(jobId))
      .map(({ promptId }) => promptId);
  }

  /** How often ComfyUI began to run the job. */
  executionsOf(jobId: string): number {
    return this.promptsOf(jobId).reduce((sum, promptId) => sum + (this.demo.runs().get(promptId) ?? 0), 0);
  }

  /** What became of a job, once it is finished, as its caller and ComfyUI saw it. The outputs are whole. */
  async fate(jobId: string): Promise<Fate> {
    const job = await this.client.finished(jobId);
    await this.client.downloaded(job);
    return {
      status: job.status,
      code: job.error?.code ?? null,
      warnings: job.warnings.map(({ code }) => code),
      outputs: job.outputs.map(({ filename }) => filename),
      executions: this.executionsOf(jobId),
    };
  }
}

/** The fate of a job to which nothing happened, as far as anyone can tell. */
export function completedOnce(outputs: readonly string[]): Fate {
  return { status: "completed", code: null, warnings: [], outputs, executions: 1 };
}
