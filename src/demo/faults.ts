/** Opens once; those who wait for it go on then. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

export interface NodeHold {
  readonly classType: string;
  /** The step before whose report the node stops: 1 is the first; 0 is before the node begins. */
  readonly step: number;
  readonly gate: Gate;
}

/** Ends what it began. */
export type Release = () => void;

/** What a test, or a demonstration, can make go wrong. Everything takes effect at once. */
export interface DemoFaults {
  /** The worker is dead: prompts are accepted and never run (comfyui-protocol.md §3.2). Ends with `restart`. */
  killWorker(): void;
  /** The process ends: sockets drop, connections are refused, queue, history, cache and temp files are gone. */
  goDown(): Promise<void>;
  /** The process starts again at the same address, with its input and output files. */
  comeBack(): Promise<void>;
  /** `goDown`, then `comeBack`. */
  restart(): Promise<void>;
  /** Ends every socket without a close frame. */
  dropSockets(): void;
  /** The sockets that are open now become half-open: nothing comes from them any more, no pong and no close either. */
  silenceSockets(): void;
  /** Nodes of this class stop before the report of `step` (0, the default: before they begin) until released or interrupted. */
  holdNode(classType: string, step?: number): Release;
  /** While true, interrupts have no effect, as with a node that hangs in native code. */
  ignoreInterrupts: boolean;
  /** Answers of these paths are withheld until released; the requests are carried out at once. E.g. `/prompt`, `/object_info`. */
  holdAnswers(path: string): Release;
  /** The next `count` accepted prompts are queued, but their connection is reset instead of answered. */
  resetAfterAccepting(count: number): void;
  /** The next `count` requests to this path are answered with this status and an empty body, and not carried out. */
  failRequests(path: string, params: { readonly status: number; readonly count: number }): void;
}

interface Failure {
  readonly path: string;
  readonly status: number;
  left: number;
}

/** The switches behind `DemoFaults` that the server looks at. */
export class FaultSwitches {
  ignoreInterrupts = false;
  #holds: readonly NodeHold[] = [];
  #heldAnswers: readonly { readonly path: string; readonly gate: Gate }[] = [];
  #failures: readonly Failure[] = [];
  #resets = 0;

  holdNode(classType: string, step: number): Release {
    const hold: NodeHold = { classType, step, gate: new Gate() };
    this.#holds = [...this.#holds, hold];
    return () => {
      this.#holds = this.#holds.filter((other) => other !== hold);
      hold.gate.open();
    };
  }

  nodeHolds(classType: string, step: number): readonly NodeHold[] {
    return this.#holds.filter((hold) => hold.classType === classType && hold.step === step);
  }

  holdAnswers(path: string): Release {
    const held = { path, gate: new Gate() };
    this.#heldAnswers = [...this.#heldAnswers, held];
    return () => {
      this.#heldAnswers = this.#heldAnswers.filter((other) => other !== held);
      held.gate.open();
    };
  }

  holdsAnswers(path: string): boolean {
    return this.#heldAnswers.some((held) => held.path === path);
  }

  async answerMayGo(path: string): Promise<void> {
    await Promise.all(this.#heldAnswers.filter((held) => held.path === path).map((held) => held.gate.opened));
  }

  resetAfterAccepting(count: number): void {
    this.#resets = count;
  }

  takeReset(): boolean {
    if (this.#resets === 0) return false;
    this.#resets -= 1;
    return true;
  }

  failRequests(path: string, status: number, count: number): void {
    this.#failures = [...this.#failures, { path, status, left: count }];
  }

  /** @returns the status to fail this request with, or null */
  takeFailure(path: string): number | null {
    const failure = this.#failures.find((other) => other.path === path && other.left > 0);
    if (failure === undefined) return null;
    failure.left -= 1;
    return failure.status;
  }
}
