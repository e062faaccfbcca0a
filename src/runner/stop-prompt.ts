import type { Backend } from "../comfyui/backend.ts";
import type { HistoryEntry } from "../comfyui/history.ts";
import { AppError } from "../errors/app-error.ts";
import type { Clock } from "../telemetry/clock.ts";
import type { HeldJob } from "./held-job.ts";

/** A node is interrupted between two of its steps (comfyui-protocol.md §1.2): a step of a large video takes seconds. */
const patienceMs = 10_000;
/** An interrupt that comes just before a run begins is forgotten, so it is sent again. */
const againMs = 500;

export type Stopped =
  /** It is not in ComfyUI any more and has left no history. */
  | { readonly outcome: "gone" }
  | { readonly outcome: "ended"; readonly entry: HistoryEntry }
  /** A node does not listen to interrupts, or ComfyUI does not answer: the prompt may run on. */
  | { readonly outcome: "runs-on" };

interface StopPrompt {
  readonly backend: Backend;
  readonly held: HeldJob;
  readonly clock: Clock;
  readonly promptId: string;
}

/** One try: null while the prompt is still there, or ComfyUI does not answer. */
async function tryToStop({ backend, promptId }: StopPrompt): Promise<Stopped | null> {
  try {
    await backend.cancel(promptId);
    const whereabouts = await backend.locate(promptId);
    if (whereabouts.state === "absent") return { outcome: "gone" };
    return whereabouts.state === "finished" ? { outcome: "ended", entry: whereabouts.entry } : null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return null;
  }
}

/** Takes a prompt out of ComfyUI and makes sure that it is out. @throws {JobLeft} */
export async function stopPrompt(params: StopPrompt): Promise<Stopped> {
  const { held, clock } = params;
  let isPatienceOver = false;
  const patience = clock.after(patienceMs, () => {
    isPatienceOver = true;
  });
  try {
    for (;;) {
      const stopped = await tryToStop(params);
      if (stopped !== null) return stopped;
      if (isPatienceOver) return { outcome: "runs-on" };
      await held.pause(againMs);
    }
  } finally {
    patience.cancel();
  }
}
