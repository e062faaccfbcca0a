import type { Catalog } from "../../graph/catalog.ts";
import type { CatalogInput, InputSpec } from "../../graph/catalog/input-spec.ts";

function inputsBelow(spec: InputSpec): readonly CatalogInput[] {
  switch (spec.kind) {
    case "dynamic_combo":
      return spec.choices.flatMap(({ inputs }) => inputs);
    case "dynamic_slot":
      return spec.inputs;
    case "dynamic_group":
      return spec.fields;
    default:
      return [];
  }
}

/** What the catalog says of an input of a class, also of one inside a dynamic input (`format.codec`). */
export function findInput(catalog: Catalog, className: string, name: string): InputSpec | undefined {
  const inputs = catalog.classes.get(className)?.inputs ?? [];
  const plain = inputs.find((input) => input.name === name);
  if (plain !== undefined) return plain.spec;
  const [head = "", ...rest] = name.split(".");
  let found = inputs.find((input) => input.name === head)?.spec;
  for (const part of rest) {
    if (found?.kind === "autogrow") return found.template;
    if (found?.kind === "dynamic_group" && /^\d+$/.test(part)) continue;
    found = found === undefined ? undefined : inputsBelow(found).find((input) => input.name === part)?.spec;
  }
  return rest.length === 0 ? undefined : found;
}
