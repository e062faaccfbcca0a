import type { JsonObject } from "../json/exact.ts";

/** A node after validation: its literals converted, `__value__` unwrapped. */
export interface PromptNode extends JsonObject {
  readonly class_type: string;
  readonly inputs: JsonObject;
}

/** A validated graph, by node id. */
export interface Prompt {
  readonly [nodeId: string]: PromptNode;
}
