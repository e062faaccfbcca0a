import { z } from "zod";
import type { ComboSpec, InputSpec, UploadKind } from "../../graph/catalog/input-spec.ts";
import type { JsonValue } from "../../json/exact.ts";
import type { FileAccepts } from "../workflow.ts";
import { integerField, numberField } from "./number-field.ts";

/** A value of any type that a graph can hold in place. */
export const anyValue: z.ZodType = z.union([z.string(), z.number(), z.bigint(), z.boolean()], { error: "Must be text, a number, true or false" });

const uploads: Readonly<Record<UploadKind, FileAccepts>> = { image: "image", animated_image: "image", video: "video", audio: "audio", file: "file" };

const howToSend =
  "Send it as a multipart part, or as a string: an https: URL, a data: URI, plain base64, file:{id} of an uploaded file, " +
  "or job:{id}#{n} for an output of an earlier job.";

const nouns: Readonly<Record<FileAccepts, string>> = { image: "An image", video: "A video", audio: "An audio file", model3d: "A 3D model", file: "A file" };

/** The name of a file that the gateway brings into ComfyUI's input folder. */
export function fileField(accepts: FileAccepts, description?: string): z.ZodType {
  return z.string().min(1).meta({ description: `${description ?? `${nouns[accepts]}.`} ${howToSend}`, "x-file": accepts });
}

/** More options than this make the schema of one field larger than all else: the field is then free text. */
const maxOptions = 500;

type Option = string | number | boolean;

function isOption(value: JsonValue): value is Option {
  return typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** One of the options, or whatever type they have where they are not worth listing. */
export function optionField(options: readonly JsonValue[]): z.ZodType {
  const listed = [...new Set(options.filter(isOption))];
  if (listed.length === 0) return z.string();
  if (listed.length > maxOptions || listed.length < options.length) return listed.every((option) => typeof option === "string") ? z.string() : anyValue;
  const shown = listed.length > 20 ? `${listed.slice(0, 20).map(String).join(", ")}, …` : listed.map(String).join(", ");
  return z.literal(listed, { error: `Must be one of: ${shown}` });
}

function comboField(spec: ComboSpec, current: JsonValue | undefined): z.ZodType {
  if (spec.upload !== undefined) return fileField(uploads[spec.upload]);
  // A list that lacks what the graph itself uses is not the list of the ComfyUI that will run it.
  const isKnown = current === undefined || spec.options.some((option) => option === current);
  const option = spec.remoteRoute === undefined && isKnown ? optionField(spec.options) : optionField([]);
  return spec.multiselect ? z.array(option) : option;
}

/**
 * The field for a literal value of an input, or null for an input that only takes links.
 *
 * @param current the value that the graph has there
 */
export function catalogField(spec: InputSpec, current: JsonValue | undefined): z.ZodType | null {
  switch (spec.kind) {
    case "combo":
      return comboField(spec, current);
    case "int":
      return integerField(spec);
    case "float":
      return numberField(spec);
    case "string":
      return spec.multiline ? z.string().meta({ "x-multiline": true }) : z.string();
    case "boolean":
      return z.boolean();
    case "dynamic_combo":
      return optionField(spec.choices.map(({ key }) => key));
    case "widget":
      return anyValue;
    case "socket":
    case "autogrow":
    case "dynamic_slot":
    case "dynamic_group":
      return null;
  }
}
