import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { z } from "zod";
import { jsonPointer } from "../../src/errors/pointer.ts";
import type { Received } from "./gateway.ts";

const responseSchema = z.looseObject({
  headers: z.record(z.string(), z.looseObject({ required: z.boolean().optional() })).optional(),
  content: z.record(z.string(), z.looseObject({})).optional(),
});

const operationSchema = z.looseObject({ operationId: z.string(), responses: z.record(z.string(), responseSchema) });

const documentSchema = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

export interface DeclaredResponse {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly status: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same schemas, each closed: an answer with a member that is not declared then fails. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (!isRecord(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  return isRecord(value["properties"]) && value["type"] !== undefined && value["additionalProperties"] === undefined ? { ...inner, additionalProperties: false } : inner;
}

/** An OpenAPI document as a judge of answers. */
export class ApiDocument {
  readonly #document: z.infer<typeof documentSchema>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(text: string) {
    // Read as JavaScript clients read it, big numbers rounded.
    const raw: unknown = JSON.parse(text);
    this.#document = documentSchema.parse(raw);
    formats.default(this.#ajv);
    this.#ajv.addFormat("binary", true);
    const whole = closed(raw);
    if (isRecord(whole)) this.#ajv.addSchema(whole, "api");
  }

  responses(): readonly DeclaredResponse[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId, responses }]) => Object.keys(responses).map((status) => ({ operationId, method, path, status }))),
    );
  }

  operationIds(): readonly string[] {
    return Object.values(this.#document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  }

  /** @returns what is wrong with the value by the schema at a JSON pointer into the document; empty when nothing is */
  faults(pointer: string, value: unknown): readonly string[] {
    const validate = this.#ajv.compile({ $ref: `api#${encodeURI(pointer)}` });
    return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message ?? ""} ${JSON.stringify(params)}`);
  }

  /** @returns in what an answer differs from its declaration; empty when it does not */
  faultsOfAnswer({ method, path, status }: DeclaredResponse, answer: Received): readonly string[] {
    const response = this.#document.paths[path]?.[method]?.responses[status];
    if (response === undefined) return [`${status} is not declared`];
    const missing = Object.entries(response.headers ?? {}).filter(([name, { required }]) => required === true && !answer.headers.has(name));
    return [...missing.map(([name]) => `the header ${name} is missing`), ...this.#faultsOfBody({ method, path, status }, response.content, answer)];
  }

  #faultsOfBody({ method, path, status }: Omit<DeclaredResponse, "operationId">, content: object | undefined, answer: Received): readonly string[] {
    if (content === undefined) return answer.bytes.length === 0 ? [] : ["a body that is not declared"];
    const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
    const declared = [type, `${type.split("/")[0]}/*`, "*/*"].find((each) => Object.hasOwn(content, each));
    if (declared === undefined) return [`the type ${type} is not declared`];
    if (answer.json === null) return answer.bytes.length > 0 ? [] : ["an empty body"];
    return this.faults(jsonPointer(["paths", path, method, "responses", status, "content", declared, "schema"]), JSON.parse(answer.bytes.toString()));
  }
}
