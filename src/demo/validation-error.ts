import type { JsonObject, JsonValue } from "../json/exact.ts";

/** One item of `node_errors[id].errors`, or the top-level `error` of a 400 (comfyui-protocol.md §1.1). */
export interface ValidationError extends JsonObject {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: JsonObject;
}

export function validationError(type: string, message: string, details: string, extraInfo: JsonObject = {}): ValidationError {
  return { type, message, details, extra_info: extraInfo };
}

export const messages = {
  required_input_missing: "Required input is missing",
  bad_linked_input: "Bad linked input, must be a length-2 list of [node_id, slot_index]",
  return_type_mismatch: "Return type mismatch between linked nodes",
  exception_during_inner_validation: "Exception when validating inner node",
  exception_during_validation: "Exception when validating node",
  value_not_in_list: "Value not in list",
  custom_validation_failed: "Custom validation failed for node",
  prompt_no_outputs: "Prompt has no outputs",
  prompt_outputs_failed_validation: "Prompt outputs failed validation",
  dependency_cycle: "Dependency cycle detected",
} as const satisfies Record<string, string>;

export function knownError(type: keyof typeof messages, details: string, extraInfo: JsonObject = {}): ValidationError {
  return validationError(type, messages[type], details, extraInfo);
}

/** What a Python exception during validation looks like in an answer. */
export class PythonLookupError extends Error {
  override readonly name = "PythonLookupError";
  readonly exceptionType: string;

  constructor(exceptionType: string, message: string) {
    super(message);
    this.exceptionType = exceptionType;
  }
}

export const validationTraceback: readonly JsonValue[] = ['  File "/opt/ComfyUI/execution.py", line 972, in validate_prompt\n'];
