import { isJsonObject, type JsonObject, type JsonValue } from "../json/exact.ts";
import { isJsonArray } from "./json-value.ts";
import { alternatives, integerRange, propertiesOf, resolveNode } from "./schema-node.ts";

/** One white pixel. */
const tinyPng =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
/** Eight silent samples, 8 bit, 8 kHz, mono. */
const tinyWav = "data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA==";

const fileSamples: Readonly<Record<string, string>> = {
  image: tinyPng,
  audio: tinyWav,
  video: "https://example.com/video.mp4",
  model3d: "https://example.com/model.glb",
  file: "data:text/plain;base64,aGVsbG8=",
};

const formatSamples: Readonly<Record<string, string>> = {
  uri: "https://example.com/",
  email: "someone@example.com",
  uuid: "7d444840-9dc0-41d1-b245-5ffdce74fad2",
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
};

/** Schemas may be recursive; a required field below this is left to the author's own example. */
const maxDepth = 8;

/** The defaults of the top-level fields. */
export function defaultsOf(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(propertiesOf(schema)).flatMap(([name, property]) => {
      const value = resolveDefault(schema, property);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function resolveDefault(root: JsonObject, property: JsonValue | undefined): JsonValue | undefined {
  const own = isJsonObject(property) ? property["default"] : undefined;
  return own ?? resolveNode(root, property)["default"];
}

function textSample(name: string, node: JsonObject): string {
  const file = node["x-file"];
  if (typeof file === "string") return fileSamples[file] ?? tinyPng;
  const format = typeof node["format"] === "string" ? formatSamples[node["format"]] : undefined;
  if (format !== undefined) return format;
  const minimum = typeof node["minLength"] === "number" ? node["minLength"] : 0;
  const maximum = typeof node["maxLength"] === "number" ? node["maxLength"] : 1000;
  const text = name.includes("prompt") ? "a lighthouse on a cliff at dusk, waves below" : "text";
  return text.padEnd(minimum, ".").slice(0, maximum);
}

function numberSample(node: JsonObject): number {
  const step = typeof node["multipleOf"] === "number" ? node["multipleOf"] : 0;
  const maximum = typeof node["maximum"] === "number" ? node["maximum"] : 1;
  const minimum = typeof node["minimum"] === "number" && node["minimum"] > Number.MIN_SAFE_INTEGER ? node["minimum"] : Math.min(maximum, step === 0 ? 1 : step);
  return step === 0 ? minimum : Math.ceil(minimum / step) * step;
}

function integerSample(root: JsonObject, node: JsonObject): number | bigint {
  const range = integerRange(root, node);
  if (range === null || (range.min <= 1n && range.max >= 1n && node["multipleOf"] === undefined)) return 1;
  if (typeof node["multipleOf"] === "number") return numberSample(node);
  return Number.isSafeInteger(Number(range.min)) ? Number(range.min) : range.min;
}

function sample(root: JsonObject, name: string, property: JsonValue | undefined, depth: number): JsonValue {
  const node = resolveNode(root, property);
  const given = isJsonArray(node["examples"]) ? node["examples"][0] : (node["example"] ?? resolveDefault(root, property) ?? node["const"]);
  if (given !== undefined) return given;
  if (isJsonArray(node["enum"])) return node["enum"][0] ?? null;
  if (depth > maxDepth) return null;
  const type = isJsonArray(node["type"]) ? node["type"].find((each) => each !== "null") : node["type"];
  switch (type) {
    case "string":
      return textSample(name, node);
    case "integer":
      return integerSample(root, node);
    case "number":
      return numberSample(node);
    case "boolean":
      return true;
    case "array":
      return arraySample(root, name, node, depth);
    case "object":
      return objectSample(root, node, depth + 1);
    default: {
      const [first] = alternatives(node);
      return first === undefined ? null : sample(root, name, first, depth + 1);
    }
  }
}

function arraySample(root: JsonObject, name: string, node: JsonObject, depth: number): JsonValue {
  if (isJsonArray(node["prefixItems"])) return node["prefixItems"].map((item) => sample(root, name, item, depth + 1));
  // One item shows the shape, also where none is required.
  const count = Math.min(typeof node["minItems"] === "number" ? Math.max(1, node["minItems"]) : 1, 16);
  return Array.from({ length: count }, () => sample(root, name, node["items"], depth + 1));
}

function objectSample(root: JsonObject, node: JsonObject, depth: number): JsonObject {
  const required = isJsonArray(node["required"]) ? node["required"] : [];
  return Object.fromEntries(
    Object.entries(propertiesOf(node)).flatMap(([name, property]) => {
      const isNeeded = required.includes(name) || resolveDefault(root, property) !== undefined;
      return isNeeded ? [[name, sample(root, name, property, depth)]] : [];
    }),
  );
}

/** The defaults and a sample of each required field; a field's own `examples` (`.meta({ examples: […] })`) come first. */
export function exampleOf(schema: JsonObject): JsonObject {
  return objectSample(schema, schema, 0);
}
