import type { Config } from "../config/config.ts";
import type { BuildFacts } from "../executable/build-facts.ts";
import type { RunProgram } from "../executable/run-program.ts";
import type { Supervisor } from "../executable/supervisor.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { RootLogger } from "../telemetry/logger.ts";
import type { DiscoverOptions } from "../workflow/discover.ts";
import type { WorkflowSet } from "../workflow/registry.ts";

/** 0 done, 1 it was tried and failed, 2 it was asked for wrongly, 130 the user broke it off, as shells say it. */
export type ExitCode = 0 | 1 | 2 | 130;

/** What the gateway waits for before it ends. */
export interface Unfinished {
  readonly running: number;
  /** Handed to ComfyUI, not begun. */
  readonly waiting: number;
}

export interface Stop {
  /** How long running work may go on. What is left then is given back, and taken up by the next start. */
  readonly drainMs: number;
  /** Told once, when there is something to wait for. */
  readonly onWaiting?: (unfinished: Unfinished) => void;
}

/** The gateway once it serves. */
export interface RunningGateway {
  /** Where it can be reached, without trailing slash. */
  readonly url: string;
  readonly demo: boolean;
  readonly workflows: WorkflowSet;
  /** Takes no more jobs, lets running work end, and resolves when every part has ended. */
  stop(params: Stop): Promise<void>;
}

export interface StartGateway {
  readonly config: Config;
  readonly logger: RootLogger;
  readonly clock: Clock;
  readonly version: string;
}

/** What a command reaches of the world outside. */
export interface Surroundings {
  readonly build: BuildFacts;
  /** Path of the executable; null when the program runs from its sources. */
  readonly executable: string | null;
  readonly supervisor: Supervisor;
  readonly runProgram: RunProgram;
  /** Whether this is the user who may install services. */
  readonly isRoot: boolean;
  /** The workflows inside the program. */
  readonly builtinWorkflows: DiscoverOptions["builtins"];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** The workflows folder beside the executable, if it has one. */
  readonly workflowsBeside: string | null;
  /** For people who read along, or for the next program in a pipe. */
  readonly print: (text: string) => void;
  /** For problems. */
  readonly complain: (text: string) => void;
  /** Size of the terminal that `print` writes to; null when it is a file or a pipe. It changes when a window does. */
  readonly terminal: () => { readonly columns: number; readonly rows: number } | null;
  /** Aborted when nobody reads any more what `print` writes. */
  readonly readerGone: AbortSignal;
  readonly clock: Clock;
  /** Aborted when the process is asked to end. */
  readonly stopAsked: AbortSignal;
  readonly startGateway: (params: StartGateway) => Promise<RunningGateway>;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help page. */
  help(): string;
  run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode>;
}
