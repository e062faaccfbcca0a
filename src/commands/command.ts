import type { Config } from "../config/config.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { WorkflowSet } from "../workflow/registry.ts";

/** 0 done, 1 it was tried and failed, 2 it was asked for wrongly. */
export type ExitCode = 0 | 1 | 2;

/** The gateway once it serves. */
export interface RunningGateway {
  /** Where it can be reached, without trailing slash. */
  readonly url: string;
  readonly demo: boolean;
  readonly workflows: WorkflowSet;
  /** Lets running work end in good order. */
  stop(): Promise<void>;
}

export interface StartGateway {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly version: string;
}

/** What a command reaches of the world outside. */
export interface Surroundings {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** The workflows folder beside the executable, if it has one. */
  readonly workflowsBeside: string | null;
  /** For people who read along, or for the next program in a pipe. */
  readonly print: (text: string) => void;
  /** For problems. */
  readonly complain: (text: string) => void;
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
