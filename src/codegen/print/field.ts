import type { CandidateType } from "../plan/candidate.ts";
import type { Field } from "../plan/endpoint.ts";
import { seedWords } from "../plan/words.ts";
import { looksSecret } from "../brief/secret.ts";
import type { ModelConstants, OptionConstants } from "./named-constants.ts";
import { block, inline, lineWidth, type Printable, printable } from "./literal.ts";

export interface FieldDeps {
  readonly models: ModelConstants;
  readonly options: OptionConstants;
}

const maxSeed = 2n ** 64n - 1n;

const fileFunctions: Readonly<Record<string, string>> = { image: "imageFile", video: "videoFile", audio: "audioFile", file: "anyFile" };

/** What the field takes from comfyui-api/fields; null: nothing. */
export function importOf({ type }: Field): string | null {
  if (type.kind === "seed") return isWholeSeed(type) ? "seed" : null;
  return type.kind === "file" ? (fileFunctions[type.accepts] ?? null) : null;
}

function isWholeSeed(type: CandidateType & { readonly kind: "seed" }): boolean {
  return BigInt(type.min) === 0n && BigInt(type.max) === maxSeed;
}

function safeBounds(min: number | bigint, max: number | bigint): readonly string[] {
  // .int() allows whole numbers that are exact in a double, so bounds beyond those say nothing.
  return [...(Number.isSafeInteger(Number(min)) ? [`.min(${min})`] : []), ...(Number.isSafeInteger(Number(max)) ? [`.max(${max})`] : [])];
}

function seedCalls(type: CandidateType & { readonly kind: "seed" }): readonly string[] {
  if (isWholeSeed(type)) return ["seed()"];
  const mark = '.meta({ "x-seed": true })';
  const number = ["z.number()", ".int()", ...safeBounds(type.min, type.max)];
  if (Number.isSafeInteger(Number(type.max)) && Number.isSafeInteger(Number(type.min))) return [...number, ".optional()", mark];
  return [`z.union([${number.join("")}, z.bigint().min(${BigInt(type.min)}n).max(${BigInt(type.max)}n)])`, ".optional()", mark];
}

function choiceCalls(name: string, type: CandidateType & { readonly kind: "choice" }, options: OptionConstants): readonly string[] {
  if (type.open) return ["z", ".string()", ".min(1)"];
  const list = inline(options.reference(name, type.options));
  return type.options.every((option) => typeof option === "string") ? [`z.enum(${list})`] : [`z.literal(${list})`];
}

function typeCalls(field: Field, deps: FieldDeps): readonly string[] {
  const { type } = field;
  switch (type.kind) {
    case "text":
      return ["z", ".string()", ...(field.default === undefined && field.candidate.value !== "" ? [".min(1)"] : [])];
    case "integer":
      return ["z", ".number()", ".int()", ...safeBounds(type.min, type.max), ...(type.step !== null && type.step > 1 ? [`.multipleOf(${type.step})`] : [])];
    case "number":
      return ["z", ".number()", ...(type.min === null ? [] : [`.min(${inline(type.min)})`]), ...(type.max === null ? [] : [`.max(${inline(type.max)})`])];
    case "boolean":
      return ["z", ".boolean()"];
    case "seed":
      return seedCalls(type);
    case "choice":
      return choiceCalls(field.name, type, deps.options);
    case "file": {
      const call = fileFunctions[type.accepts];
      return call === undefined ? ["z", ".string()", ".min(1)", `.meta({ "x-file": ${inline(type.accepts)} })`] : [`${call}()`];
    }
  }
}

function chained(name: string, argument: Printable, indent: number): string {
  const printed = block(argument, indent, name.length + 4);
  return printed.startsWith("\n") ? `.${name}(${printed},\n${" ".repeat(indent)})` : `.${name}(${printed})`;
}

/** Longer texts show nothing that a shorter one would not. */
const maxExampleLength = 400;

/** One field of the request as a member of the schema, on one line or, too long for it, on one for each call. */
export function printField(field: Field, deps: FieldDeps): string {
  const value = field.candidate.value;
  const endings = (indent: number): readonly string[] => [
    ...(field.default === undefined
      ? []
      : [chained("default", typeof field.default === "string" ? deps.models.reference(field.default) : printable(field.default), indent)]),
    ...(field.type.kind === "seed" && isWholeSeed(field.type) && field.description === seedWords ? [] : [chained("describe", field.description, indent)]),
    ...(field.type.kind === "text" && field.default === undefined && typeof value === "string" && value !== "" && value.length <= maxExampleLength && !looksSecret(value)
      ? [chained("meta", { examples: [value] }, indent)]
      : []),
  ];
  const calls = typeCalls(field, deps);
  const flat = `  ${field.name}: ${[...calls, ...endings(2)].join("")},`;
  if (flat.length <= lineWidth && !flat.includes("\n")) return flat;
  const [head = "", ...rest] = calls;
  // `z` alone on a line, then one call a line; a call that makes the whole type keeps its line.
  return `  ${field.name}: ${[head, ...[...rest, ...endings(4)].map((text) => `    ${text}`)].join("\n")},`;
}
