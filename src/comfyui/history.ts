import type { JsonValue } from "../json/exact.ts";

/** A file as ComfyUI names it. */
export interface UiFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: "output" | "temp" | "input";
}

/** Why a run ended without success. */
export interface RunFailure {
  readonly kind: "error" | "interrupted";
  readonly nodeId: string | null;
  readonly classType: string | null;
  /** ComfyUI's `exception_message` without its trailing tips; never a traceback or a path. */
  readonly message: string;
  /** Python class of the exception, e.g. `torch.OutOfMemoryError`. */
  readonly exceptionType: string | null;
}

/** A finished run. */
export interface HistoryEntry {
  /** null: success. */
  readonly failure: RunFailure | null;
  /** UI dictionary by node id (of the graph that was sent), as ComfyUI has it: any JSON. */
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly cachedNodeIds: readonly string[];
}
