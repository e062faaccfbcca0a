import { runGenerate as generate, type GenerateSurroundings } from "../../src/commands/generate.ts";
import type { ExitCode } from "../../src/commands/command.ts";
import { HeldClock } from "../../src/telemetry/held-clock.ts";

export interface Ran {
  readonly code: ExitCode;
  readonly printed: string;
  readonly complained: string;
}

/** Time stands still but for waits, which are over at once and kept: so retries are told and not waited for. */
export class HastyClock extends HeldClock {
  readonly waitsMs: number[] = [];
  /** Waits of this length or longer are limits and not waits: they never come. */
  readonly #limitMs: number;

  constructor(limitMs = 100_000) {
    super();
    this.#limitMs = limitMs;
  }

  override after(delayMs: number, run: () => void): { cancel(): void } {
    if (delayMs >= this.#limitMs) return super.after(delayMs, run);
    this.waitsMs.push(delayMs);
    queueMicrotask(run);
    return { cancel: () => undefined };
  }
}

/** Runs the command as main.ts would. */
export async function runGenerate(
  argv: readonly string[],
  options: { readonly env?: GenerateSurroundings["env"]; readonly clock?: HeldClock; readonly terminal?: boolean; readonly stop?: AbortSignal } = {},
): Promise<Ran> {
  let [printed, complained] = ["", ""];
  const code = await generate(argv, {
    build: { version: "0.0.0-test", commit: null, node: "24.0.0" },
    env: options.env ?? {},
    print: (text) => (printed += text),
    complain: (text) => (complained += text),
    terminal: () => (options.terminal === true ? { columns: 80, rows: 24 } : null),
    clock: options.clock ?? new HastyClock(),
    stopAsked: options.stop ?? new AbortController().signal,
  });
  return { code, printed, complained };
}
