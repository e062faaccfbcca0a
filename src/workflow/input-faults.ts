import type { z } from "zod";
import type { FieldError } from "../errors/app-error.ts";
import { jsonPointer } from "../errors/pointer.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { isJsonArray, valueAt } from "./json-value.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { alternatives, propertiesOf, resolveNode } from "./schema-node.ts";

function unknownField(pointer: string, name: string, known: readonly string[]): FieldError {
  const nearest = nearestName(name, known);
  const hint = nearest === null ? "" : ` Did you mean "${nearest}"?`;
  const list = known.length === 0 ? "There are no fields here." : `Known fields: ${known.join(", ")}.`;
  return { pointer, message: `There is no field "${name.slice(0, 100)}".${hint} ${list}` };
}

/** Every field of `inputs` that a closed object of the schema does not name, at any depth. */
export function unknownFields(schema: JsonObject, inputs: JsonObject): readonly FieldError[] {
  const visit = (member: JsonValue | undefined, value: JsonValue | undefined, path: readonly string[]): readonly FieldError[] => {
    const node = resolveNode(schema, member);
    if (isJsonArray(value)) return value.flatMap((item, index) => visit(node["items"], item, [...path, String(index)]));
    if (!isJsonObject(value)) return [];
    const branches = alternatives(node);
    if (branches.length > 0) {
      // Whichever alternative the caller meant, it is the one that fits best.
      const [best] = branches.map((branch) => visit(branch, value, path)).sort((a, b) => a.length - b.length);
      return best ?? [];
    }
    const properties = propertiesOf(node);
    const isClosed = node["additionalProperties"] === false;
    return Object.entries(value).flatMap(([name, field]) => {
      if (Object.hasOwn(properties, name)) return visit(properties[name], field, [...path, name]);
      if (isClosed) return [unknownField(jsonPointer([...path, name]), name, Object.keys(properties))];
      return visit(node["additionalProperties"], field, [...path, name]);
    });
  };
  return visit(schema, inputs, []);
}

function isAbsent(inputs: JsonObject, path: readonly PropertyKey[]): boolean {
  return valueAt(inputs, path) === undefined;
}

function faultsOfUnion(issue: z.core.$ZodIssueInvalidUnion, inputs: JsonObject, path: readonly PropertyKey[]): readonly FieldError[] {
  // The branch that got furthest before it failed is the one the caller meant.
  const deepest = [...issue.errors].sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0];
  if (issue.message !== "Invalid input" || deepest === undefined) return [{ pointer: jsonPointer(path), message: issue.message }];
  if ((deepest[0]?.path.length ?? 0) > 0) return deepest.flatMap((inner) => faultsOf(inner, inputs, path));
  const messages = new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => inner.message)));
  return [{ pointer: jsonPointer(path), message: [...messages].join(", or: ") }];
}

function faultsOf(issue: z.core.$ZodIssue, inputs: JsonObject, base: readonly PropertyKey[]): readonly FieldError[] {
  const path = [...base, ...issue.path];
  if (issue.code !== "custom" && path.length > 0 && isAbsent(inputs, path)) return [{ pointer: jsonPointer(path), message: "This field is required." }];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownField(jsonPointer([...path, key]), key, []));
  }
  if (issue.code === "invalid_union") return faultsOfUnion(issue, inputs, path);
  return [{ pointer: jsonPointer(path), message: issue.message }];
}

/** A body of many wrong fields is told about this many: enough to mend it by, and the answer stays small. */
const maxFaults = 50;

/** What zod found, one fault for each pointer; `known` are faults found already, which say more. */
export function faultsOfIssues(issues: readonly z.core.$ZodIssue[], inputs: JsonObject, known: readonly FieldError[]): readonly FieldError[] {
  const byPointer = new Map(known.map((fault) => [fault.pointer, fault]));
  for (const fault of issues.flatMap((issue) => faultsOf(issue, inputs, []))) {
    if (!byPointer.has(fault.pointer)) byPointer.set(fault.pointer, fault);
  }
  return [...byPointer.values()].slice(0, maxFaults);
}
