import type { JsonObject, JsonValue } from "../json/exact.ts";
import { OldestKeys } from "./oldest-keys.ts";

/** As the real one caps it (comfyui-protocol.md §1.3). */
const maxEntries = 10_000;

export interface HistoryEntry extends JsonObject {
  readonly prompt: readonly JsonValue[];
  readonly outputs: JsonObject;
  readonly status: { readonly status_str: "success" | "error"; readonly completed: boolean; readonly messages: readonly JsonValue[] };
  readonly meta: JsonObject;
}

export class History {
  readonly #entries = new Map<string, HistoryEntry>();
  readonly #oldest = new OldestKeys(this.#entries);

  add(promptId: string, entry: HistoryEntry): void {
    if (this.#entries.size > maxEntries) this.#dropOldest();
    this.#entries.set(promptId, entry);
  }

  get(promptId: string): HistoryEntry | undefined {
    return this.#entries.get(promptId);
  }

  entries(): readonly (readonly [string, HistoryEntry])[] {
    return [...this.#entries];
  }

  /** Oldest first; without an offset the last `maxItems`. */
  page(maxItems: number | null, offset: number): readonly (readonly [string, HistoryEntry])[] {
    const all = this.entries();
    if (maxItems === null) return offset < 0 ? all : all.slice(offset);
    if (maxItems <= 0) return [];
    const start = offset < 0 ? Math.max(0, all.length - maxItems) : offset;
    return all.slice(start, start + maxItems);
  }

  delete(promptId: string): void {
    this.#entries.delete(promptId);
  }

  clear(): void {
    this.#entries.clear();
  }

  #dropOldest(): void {
    const oldest = this.#oldest.next();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
