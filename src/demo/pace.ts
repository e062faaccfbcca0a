import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FaultSwitches } from "./faults.ts";
import { Gate } from "./faults.ts";
import { Interrupted, ProcessGone } from "./node-failure.ts";

/** Lets a run proceed: gives requests their turn between nodes and steps, takes a step's time, and stops when told to. */
export class Pace {
  readonly #stepMs: number;
  readonly #faults: FaultSwitches;
  readonly #ended = new AbortController();
  #interrupt = new Gate();
  #interrupted = false;

  constructor(params: { readonly stepMs: number; readonly faults: FaultSwitches }) {
    this.#stepMs = params.stepMs;
    this.#faults = params.faults;
  }

  /** An interrupt of an earlier run does not leak into this one. */
  beginRun(): void {
    this.#interrupted = false;
    this.#interrupt = new Gate();
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#interrupt.open();
  }

  /** The process is gone: whatever runs stops for good. */
  end(): void {
    this.#ended.abort();
  }

  /** Before a node is called. */
  async node(classType: string): Promise<void> {
    await nextTurn();
    await this.#passHolds(classType, 0);
  }

  /** Before a step of a node is reported. */
  async step(classType: string, step: number): Promise<void> {
    if (this.#stepMs > 0) {
      // An abort is looked at below.
      await sleep(this.#stepMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    } else {
      await nextTurn();
    }
    await this.#passHolds(classType, step);
  }

  async #passHolds(classType: string, step: number): Promise<void> {
    for (const hold of this.#faults.nodeHolds(classType, step)) {
      await Promise.race([hold.gate.opened, this.#stopped(hold.gate.opened)]);
    }
    if (this.#ended.signal.aborted) throw new ProcessGone();
    if (this.#interrupted && !this.#faults.ignoreInterrupts) throw new Interrupted();
  }

  /** Resolves when a held node has to go on: the process ended, or an interrupt arrived that is not ignored. */
  async #stopped(released: Promise<void>): Promise<void> {
    const { signal } = this.#ended;
    if (signal.aborted) return;
    const ended = new Gate();
    const open = (): void => ended.open();
    signal.addEventListener("abort", open, { once: true });
    const interrupted = this.#interrupt.opened.then(() => (this.#faults.ignoreInterrupts ? released : undefined));
    await Promise.race([ended.opened, interrupted, released]);
    signal.removeEventListener("abort", open);
  }
}
