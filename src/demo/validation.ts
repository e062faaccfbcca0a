import type { JsonObject, JsonValue } from "../json/exact.ts";
import type { FileTree } from "./file-tree.ts";
import { checkLiteral, typesMatch, type Dialect } from "./input-check.ts";
import { isList, isObject } from "./json-shape.ts";
import { inputConfig, inputSpecs, resolveType, type InputSpec, type NodeDefinition } from "./node-definition.ts";
import type { Prompt, PromptNode } from "./prompt.ts";
import { pythonRepr, pythonType, toPythonString } from "./python-conversion.ts";
import { knownError, PythonLookupError, validationError, validationTraceback, type ValidationError } from "./validation-error.ts";

export type Validation =
  | { readonly ok: true; readonly prompt: Prompt; readonly outputs: readonly string[]; readonly nodeErrors: JsonObject }
  | { readonly ok: false; readonly error: ValidationError; readonly nodeErrors: JsonObject };

export interface ValidationParams {
  readonly prompt: unknown;
  /** Output nodes to run, or null for all. */
  readonly targets: readonly JsonValue[] | null;
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly files: FileTree;
  readonly dialect: Dialect;
}

interface Verdict {
  readonly valid: boolean;
  readonly errors: readonly ValidationError[];
}

/** What the real server answers with a bare 500 to: the prompt is not the object it takes for granted. */
export class MalformedPrompt extends Error {
  override readonly name = "MalformedPrompt";
}

/** Checks a graph as POST /prompt does: each output by itself, so that one good output is enough (comfyui-protocol.md §1.1). */
export function validatePrompt(params: ValidationParams): Validation {
  const isEmpty = params.prompt === "" || (isList(params.prompt) && params.prompt.length === 0);
  if (!isObject(params.prompt) && !isEmpty) throw new MalformedPrompt("the prompt is not an object");
  const graph = new Map(isObject(params.prompt) ? Object.entries(params.prompt) : []);
  const outputs: string[] = [];
  for (const [id, node] of graph) {
    const { definition, error } = classOf(id, node, params);
    if (error !== undefined) return { ok: false, error, nodeErrors: {} };
    if (definition.outputNode === true && (params.targets === null || params.targets.includes(id))) outputs.push(id);
  }
  if (outputs.length === 0) return { ok: false, error: knownError("prompt_no_outputs", ""), nodeErrors: {} };
  return new Validator(graph, params).validate(outputs);
}

function classOf(
  id: string,
  node: JsonValue | undefined,
  params: ValidationParams,
): { readonly definition: NodeDefinition; readonly error?: undefined } | { readonly definition?: undefined; readonly error: ValidationError } {
  if (typeof node !== "string" && !isList(node) && !isObject(node)) throw new MalformedPrompt(`node ${id} is not an object`);
  const classType = isObject(node) ? node["class_type"] : undefined;
  const definition = typeof classType === "string" ? params.definitions.get(classType) : undefined;
  if (definition !== undefined) return { definition };
  const place = `Node ID '#${id}'`;
  if (params.dialect === "next") {
    const meta = isObject(node) ? node["_meta"] : undefined;
    const title = (isObject(meta) ? meta["title"] : undefined) ?? classType ?? `Node ${id}`;
    const message = `Node '${toPythonString(title)}' not found. The custom node may not be installed.`;
    const info = { node_id: id, class_type: classType ?? null, node_title: title };
    return { error: validationError("missing_node_type", message, place, info) };
  }
  if (classType === undefined) {
    return { error: validationError("invalid_prompt", "Cannot execute because a node is missing the class_type property.", place) };
  }
  return { error: validationError("invalid_prompt", `Cannot execute because node ${toPythonString(classType)} does not exist.`, place) };
}

class Validator {
  readonly #graph: ReadonlyMap<string, JsonValue | undefined>;
  readonly #params: ValidationParams;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #inputs = new Map<string, JsonObject>();
  readonly #path: string[] = [];

  constructor(graph: ReadonlyMap<string, JsonValue | undefined>, params: ValidationParams) {
    this.#graph = graph;
    this.#params = params;
  }

  validate(outputs: readonly string[]): Validation {
    const good: string[] = [];
    const nodeErrors: Record<string, { errors: readonly ValidationError[]; dependent_outputs: string[]; class_type: string }> = {};
    const details: string[] = [];
    for (const output of outputs) {
      const verdict = this.#validateOutput(output);
      if (verdict.valid) {
        good.push(output);
        continue;
      }
      details.push(...verdict.errors.map((error) => `${error.message}: ${error.details}`));
      for (const [id, { valid, errors }] of this.#verdicts) {
        if (valid || errors.length === 0) continue;
        nodeErrors[id] ??= { errors, dependent_outputs: [], class_type: this.#classType(id) };
        nodeErrors[id].dependent_outputs.push(output);
      }
    }
    if (good.length === 0) {
      return { ok: false, error: knownError("prompt_outputs_failed_validation", details.join("\n")), nodeErrors };
    }
    return { ok: true, prompt: this.#validatedPrompt(), outputs: good, nodeErrors };
  }

  #validateOutput(id: string): Verdict {
    try {
      return this.#validateNode(id);
    } catch (error) {
      if (!(error instanceof PythonLookupError)) throw error;
      this.#path.length = 0;
      const info = { exception_type: error.exceptionType, traceback: validationTraceback };
      const verdict = { valid: false, errors: [knownError("exception_during_validation", error.message, info)] };
      this.#verdicts.set(id, verdict);
      return verdict;
    }
  }

  #classType(id: string): string {
    const node = this.#graph.get(id);
    const classType = isObject(node) ? node["class_type"] : undefined;
    return typeof classType === "string" ? classType : "";
  }

  #definition(id: JsonValue | undefined): NodeDefinition {
    const known = typeof id === "string" && this.#graph.has(id) ? this.#params.definitions.get(this.#classType(id)) : undefined;
    if (known === undefined) throw new PythonLookupError("KeyError", pythonRepr(id ?? null));
    return known;
  }

  #validateNode(id: string): Verdict {
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    const node = this.#graph.get(id);
    const given = givenInputs(node);
    const definition = this.#definition(id);
    this.#path.push(id);
    const inputs: Record<string, JsonValue | undefined> = { ...given };
    const errors: ValidationError[] = [];
    let sourcesValid = true;
    for (const spec of inputSpecs(definition)) {
      const received = given[spec.name];
      if (received === undefined) {
        if (definition.required.includes(spec)) errors.push(knownError("required_input_missing", spec.name, { input_name: spec.name }));
      } else if (isList(received)) {
        const outcome = this.#checkLink(spec, received);
        if (outcome === false) sourcesValid = false;
        else if (outcome !== true) errors.push(outcome);
      } else {
        const { value, error } = checkLiteral({ ...this.#params, definition, spec, received });
        inputs[spec.name] = value;
        if (error !== undefined) errors.push(error);
      }
    }
    errors.push(...this.#customErrors(definition, inputs));
    this.#path.pop();
    this.#inputs.set(id, inputs);
    const verdict = { valid: sourcesValid && errors.length === 0, errors };
    this.#verdicts.set(id, verdict);
    return verdict;
  }

  /** The older server runs into its recursion limit on a cycle, and ends with no error named anywhere. */
  #cycleError(source: string): ValidationError | false {
    if (this.#params.dialect !== "next") return false;
    const cycle = this.#path.slice(this.#path.indexOf(source));
    return knownError("dependency_cycle", cycle.join(" -> "), { node_id: source, cycle_nodes: cycle });
  }

  /** @returns true: good; false: the fault lies further up; else the error */
  #checkLink(spec: InputSpec, link: readonly JsonValue[]): ValidationError | boolean {
    const { files } = this.#params;
    const config = inputConfig(spec, files);
    if (link.length !== 2) {
      return knownError("bad_linked_input", spec.name, { input_name: spec.name, input_config: config, received_value: link });
    }
    const [source, slot] = link;
    const outputs = this.#definition(source).outputs;
    if (typeof slot !== "number" || !Number.isInteger(slot)) {
      throw new PythonLookupError("TypeError", `tuple indices must be integers or slices, not ${pythonType(slot ?? null)}`);
    }
    const output = outputs[slot];
    if (output === undefined) throw new PythonLookupError("IndexError", "tuple index out of range");
    const wanted = resolveType(spec, files);
    if (!typesMatch(output.type, wanted)) {
      const details = `${spec.name}, received_type(${output.type}) mismatch input_type(${pythonTypeName(wanted)})`;
      const info = { input_name: spec.name, input_config: config, received_type: output.type, linked_node: link };
      return knownError("return_type_mismatch", details, info);
    }
    const sourceId = toPythonString(source ?? null);
    if (this.#path.includes(sourceId)) return this.#cycleError(sourceId);
    const depth = this.#path.length;
    try {
      return this.#validateNode(sourceId).valid;
    } catch (error) {
      if (!(error instanceof PythonLookupError)) throw error;
      this.#path.length = depth;
      const info = {
        input_name: spec.name,
        input_config: config,
        exception_message: error.message,
        exception_type: error.exceptionType,
        traceback: validationTraceback,
        linked_node: link,
      };
      this.#verdicts.set(sourceId, { valid: false, errors: [knownError("exception_during_inner_validation", error.message, info)] });
      return false;
    }
  }

  #customErrors(definition: NodeDefinition, inputs: JsonObject): readonly ValidationError[] {
    const validation = definition.validation;
    if (validation === undefined) return [];
    for (const name of validation.inputs) {
      if (inputs[name] !== undefined) continue;
      throw new PythonLookupError("TypeError", `${definition.name}.VALIDATE_INPUTS() missing 1 required positional argument: '${name}'`);
    }
    // Values of links are not known yet.
    const known = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, isList(value) ? null : value]));
    const problem = validation.check(known, this.#params.files);
    if (problem === null) return [];
    return validation.inputs.map((name) => knownError("custom_validation_failed", `${name} - ${problem}`, { input_name: name }));
  }

  #validatedPrompt(): Prompt {
    const nodes = [...this.#graph].map(([id, node]): [string, PromptNode] => {
      const given = isObject(node) ? node : {};
      const inputs = this.#inputs.get(id) ?? given["inputs"];
      return [id, { ...given, class_type: this.#classType(id), inputs: isObject(inputs) ? inputs : {} }];
    });
    return Object.fromEntries(nodes);
  }
}

function givenInputs(node: JsonValue | undefined): JsonObject {
  const inputs = isObject(node) ? node["inputs"] : undefined;
  if (inputs === undefined) throw new PythonLookupError("KeyError", "'inputs'");
  if (isObject(inputs)) return inputs;
  if (isList(inputs) || typeof inputs === "string") return {};
  throw new PythonLookupError("TypeError", `argument of type '${pythonType(inputs)}' is not iterable`);
}

function pythonTypeName(type: string | readonly string[]): string {
  return typeof type === "string" ? type : pythonRepr(type);
}
