import { OldestKeys } from "./oldest-keys.ts";
import type { Prompt } from "./prompt.ts";

/** As the history: a demo left running must not grow for ever. */
const maxRecords = 10_000;

export interface AcceptedPrompt {
  readonly promptId: string;
  readonly clientId: string | null;
  readonly prompt: Prompt;
}

/** What happened since the start, also before a restart: for tests to look at. */
export class RunRecord {
  readonly #accepted: AcceptedPrompt[] = [];
  readonly #runs = new Map<string, number>();
  readonly #oldestRuns = new OldestKeys(this.#runs);
  readonly #crashes: unknown[] = [];

  accept(prompt: AcceptedPrompt): void {
    this.#accepted.push(prompt);
    if (this.#accepted.length > maxRecords) this.#accepted.shift();
  }

  ran(promptId: string): void {
    const runs = this.#runs.get(promptId) ?? 0;
    this.#runs.set(promptId, runs + 1);
    if (this.#runs.size <= maxRecords) return;
    const oldest = this.#oldestRuns.next();
    if (oldest !== undefined) this.#runs.delete(oldest);
  }

  crashed(error: unknown): void {
    this.#crashes.push(error);
    if (this.#crashes.length > maxRecords) this.#crashes.shift();
  }

  get accepted(): readonly AcceptedPrompt[] {
    return this.#accepted;
  }

  /** How often the worker began each prompt, by id, in the order of the first time. */
  get runs(): ReadonlyMap<string, number> {
    return this.#runs;
  }

  /** Errors that were answered with a 500 and are no imitation of one: faults of the stand-in itself. */
  get crashes(): readonly unknown[] {
    return this.#crashes;
  }
}
