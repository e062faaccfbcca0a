/** Whether the front end lets a link of one type end in a slot of the other: lists of types meet, `*` meets all. */
export function typesMeet(a: string, b: string): boolean {
  if (a === b || a === "*" || b === "*" || a === "" || b === "") return true;
  const others = new Set(b.toLowerCase().split(","));
  return a.toLowerCase().split(",").some((type) => others.has(type) || type === "*");
}

/**
 * The input that a bypassed node hands on to its output `slot` (comfyui-protocol.md §4.6, step 6b).
 *
 * @param wanted the type of the input that consumes the output in the end
 */
export function bypassInput(inputs: readonly { readonly type: string }[], outputType: string, slot: number, wanted: string): number | undefined {
  if (wanted === "*" || wanted === "") return inputs.length === 0 ? undefined : inputs.length > slot ? slot : 0;
  const fits = (type: string) => typesMeet(type, outputType) && typesMeet(type, wanted);
  const opposite = inputs[slot];
  if (opposite !== undefined && fits(opposite.type)) return slot;
  const exact = inputs.findIndex((input) => input.type === wanted);
  if (exact >= 0) return exact;
  const compatible = inputs.findIndex((input) => fits(input.type));
  return compatible >= 0 ? compatible : undefined;
}
