import type { JsonValue } from "../../json/exact.ts";
import { objectOf } from "./read-export.ts";

/**
 * rgthree's Power Lora Loader makes its widgets in JavaScript: a header, one object for each LoRA, spacers, and a
 * button. In a graph they are `PowerLoraLoaderHeaderWidget`, `lora_1`, `lora_2`, … and the button's own label.
 */
function powerLoraWidgets(values: readonly JsonValue[]): Map<string, JsonValue> {
  const widgets = new Map<string, JsonValue>();
  let loras = 0;
  for (const value of values) {
    const entry = objectOf(value);
    if (entry?.["type"] === "PowerLoraLoaderHeaderWidget") widgets.set("PowerLoraLoaderHeaderWidget", { type: "PowerLoraLoaderHeaderWidget" });
    if (entry === undefined || !Object.hasOwn(entry, "lora")) continue;
    loras += 1;
    // The second strength exists only while the node shows both.
    const { strengthTwo, ...rest } = entry;
    widgets.set(`lora_${loras}`, strengthTwo === null || strengthTwo === undefined ? rest : entry);
  }
  widgets.set("➕ Add Lora", "");
  return widgets;
}

/** The values of classes whose widgets no catalog tells; `undefined` for every other class. */
export function readPackWidgets(classType: string, values: readonly JsonValue[]): Map<string, JsonValue> | undefined {
  return classType === "Power Lora Loader (rgthree)" ? powerLoraWidgets(values) : undefined;
}
