import { z } from "zod";
import type { Parameter } from "../../graph/parameters/parameter.ts";
import type { JsonValue } from "../../json/exact.ts";
import { fileField, optionField } from "../field/catalog-field.ts";
import { integerField, numberField } from "../field/number-field.ts";

const whatever = z.unknown().refine((value) => !Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string" || typeof value[1] !== "number", {
  error: "Would be taken for a link between nodes",
});

function asNumber(value: number | bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function choiceField(options: readonly JsonValue[], current: JsonValue): z.ZodType {
  // A list that lacks what the graph itself uses is not the list of the ComfyUI that will run it.
  if (options.some((option) => option === current)) return optionField(options);
  if (typeof current === "string") return z.string();
  if (typeof current === "boolean") return z.union([z.boolean(), z.string()]);
  return typeof current === "number" ? z.union([z.number(), z.string()]) : whatever;
}

function typedField(parameter: Parameter): z.ZodType {
  const { type, min, max, options, multiline, default: current } = parameter;
  switch (type) {
    case "string":
      return multiline ? z.string().meta({ "x-multiline": true }) : z.string();
    case "integer":
      return integerField({ min, max });
    case "number":
      return numberField({ min: asNumber(min), max: asNumber(max) });
    case "boolean":
      return z.boolean();
    case "choice":
      return choiceField(options ?? [], current);
    case "image":
    case "mask":
      return fileField("image", parameter.description);
    case "video":
    case "audio":
    case "file":
      return fileField(type, parameter.description);
    case "json":
      return whatever;
  }
}

const files: ReadonlySet<Parameter["type"]> = new Set(["image", "mask", "video", "audio", "file"]);

/**
 * The field of a parameter. A caller who leaves it out gets what the export has there, but for two: a seed is drawn,
 * and a file must be sent, since the export names one on its author's machine.
 */
export function parameterField(parameter: Parameter): z.ZodType {
  const field = typedField(parameter);
  if (files.has(parameter.type)) return field;
  const { description, role, type } = parameter;
  if (role === "seed" && type === "integer") return field.optional().meta({ description, "x-seed": true });
  return field.default(parameter.default).meta({ ...field.meta(), description });
}
