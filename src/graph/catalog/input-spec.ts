import type { JsonValue } from "../../json/exact.ts";

/** What ComfyUI's front end does with a value after a run was queued; `undefined`: the class does not say. */
export type ControlAfterGenerate = boolean | "fixed" | "increment" | "decrement" | "randomize";

/** Which kind of file a combo lets a person upload into ComfyUI's input folder. */
export type UploadKind = "image" | "animated_image" | "video" | "audio" | "file";

/** What may be said of an input of any kind (comfyui-protocol.md §1.6). */
export interface InputFacts {
  /** The types a link may bring: `["IMAGE"]`, `["INT", "FLOAT"]` for a union, `["*"]` for any. */
  readonly types: readonly string[];
  readonly default: JsonValue | undefined;
  readonly tooltip: string | undefined;
  readonly displayName: string | undefined;
  /** A socket although its type would have a widget. */
  readonly forceInput: boolean;
  /** A widget that cannot be linked. */
  readonly socketless: boolean;
  /** Not shown to people. */
  readonly hidden: boolean;
  readonly advanced: boolean;
}

export interface ComboSpec extends InputFacts {
  readonly kind: "combo";
  /** As ComfyUI lists them: text, numbers, booleans, mixed; empty where a folder is empty or the list is remote. */
  readonly options: readonly JsonValue[];
  /** The value is a list of options. */
  readonly multiselect: boolean;
  /** The path that the front end asks for the options; `undefined`: they are all in `options`. */
  readonly remoteRoute: string | undefined;
  readonly upload: UploadKind | undefined;
  /** The folder an upload goes to when it is not `input`. */
  readonly imageFolder: string | undefined;
  readonly controlAfterGenerate: ControlAfterGenerate | undefined;
}

export interface IntSpec extends InputFacts {
  readonly kind: "int";
  readonly min: number | bigint | undefined;
  /** Seeds go to 2^64−1, a bigint. */
  readonly max: number | bigint | undefined;
  readonly step: number | bigint | undefined;
  /** How the front end draws it: `number`, `slider`, `knob`, `color`. */
  readonly display: string | undefined;
  readonly controlAfterGenerate: ControlAfterGenerate | undefined;
}

export interface FloatSpec extends InputFacts {
  readonly kind: "float";
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly step: number | undefined;
  readonly display: string | undefined;
}

export interface StringSpec extends InputFacts {
  readonly kind: "string";
  readonly multiline: boolean;
  /** The front end draws one of `{a|b}` when it queues. */
  readonly dynamicPrompts: boolean;
  readonly placeholder: string | undefined;
}

export interface BooleanSpec extends InputFacts {
  readonly kind: "boolean";
  readonly labelOn: string | undefined;
  readonly labelOff: string | undefined;
}

/** A widget of a type of its own (COLOR, CURVE, LOAD_3D, …), whose value may be any JSON. */
export interface OtherWidgetSpec extends InputFacts {
  readonly kind: "widget";
  readonly widgetType: string;
}

/** Takes a link and nothing else. */
export interface SocketSpec extends InputFacts {
  readonly kind: "socket";
  /** Sockets of one class with the same template id have one type; `undefined`: the type is `types`. */
  readonly matchTemplate: string | undefined;
}

/** A combo whose choice decides which further inputs there are, sent as `name.sub`. */
export interface DynamicComboSpec extends InputFacts {
  readonly kind: "dynamic_combo";
  readonly choices: readonly { readonly key: JsonValue; readonly inputs: readonly CatalogInput[] }[];
}

/** A list of sockets that grows: sent as `name.<slot name>`; the first `min` are required. */
export interface AutogrowSpec extends InputFacts {
  readonly kind: "autogrow";
  /** In order, as many as there can be. */
  readonly slotNames: readonly string[];
  readonly min: number;
  readonly template: InputSpec;
}

/** A socket; once it is linked there are further inputs, sent as `name.sub`. */
export interface DynamicSlotSpec extends InputFacts {
  readonly kind: "dynamic_slot";
  readonly inputs: readonly CatalogInput[];
}

/** Rows of fields, sent as `name.<row>.<field>` with rows from 0. */
export interface DynamicGroupSpec extends InputFacts {
  readonly kind: "dynamic_group";
  readonly fields: readonly CatalogInput[];
  readonly min: number;
  readonly max: number;
}

export type InputSpec =
  | ComboSpec
  | IntSpec
  | FloatSpec
  | StringSpec
  | BooleanSpec
  | OtherWidgetSpec
  | SocketSpec
  | DynamicComboSpec
  | AutogrowSpec
  | DynamicSlotSpec
  | DynamicGroupSpec;

/** One input of a node class that a graph may set. */
export interface CatalogInput {
  /** The key below `inputs` in a graph; inside a dynamic input the last part of the dotted key. */
  readonly name: string;
  readonly required: boolean;
  readonly spec: InputSpec;
}

/**
 * Whether the front end draws a widget for the input, so that its value stands in `widgets_values`
 * (comfyui-protocol.md §4.3). The parts of the other dynamic kinds decide for themselves.
 */
export function isWidget(spec: InputSpec): boolean {
  if (spec.forceInput) return false;
  switch (spec.kind) {
    case "combo":
    case "int":
    case "float":
    case "string":
    case "boolean":
    case "widget":
    case "dynamic_combo":
      return true;
    case "socket":
    case "autogrow":
    case "dynamic_slot":
    case "dynamic_group":
      return false;
  }
}
