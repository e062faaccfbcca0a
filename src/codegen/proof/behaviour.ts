import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../errors/app-error.ts";
import type { Graph } from "../../graph/graph.ts";
import { type JsonObject, type JsonValue, stringifyJson } from "../../json/exact.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import type { Endpoint, Field } from "../plan/endpoint.ts";
import type { CheckName, Finding } from "./finding.ts";
import { illegalValues, otherLegalValue } from "./sample-values.ts";

export interface Behaviour {
  readonly workflow: Workflow;
  readonly endpoint: Endpoint;
  readonly graph: Graph;
  readonly lines: ReadonlyMap<string, number>;
}

/** Longest piece of a value in a message. */
const maxShown = 80;

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? "nothing" : stringifyJson(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** Every input in which two graphs differ, as `nodeId/input`, and every node that only one has, or has otherwise. */
function differences(graph: Graph, other: Graph): readonly string[] {
  const ids = new Set([...Object.keys(graph), ...Object.keys(other)]);
  return [...ids].flatMap((id) => {
    const [a, b] = [graph[id], other[id]];
    if (a === undefined || b === undefined) return [id];
    const { inputs: ours, ...rest } = a;
    const { inputs: theirs, ...otherRest } = b;
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    const inputs = [...names].filter((name) => !isDeepStrictEqual(ours[name], theirs[name]) || Object.hasOwn(ours, name) !== Object.hasOwn(theirs, name));
    return [...(isDeepStrictEqual(rest, otherRest) ? [] : [id]), ...inputs.map((name) => `${id}/${name}`)];
  });
}

function withInputs(graph: Graph, fields: readonly Field[], valueOf: (field: Field) => JsonValue): Graph {
  let changed = graph;
  for (const field of fields) {
    for (const { nodeId, input } of field.candidate.sets) {
      const node = changed[nodeId];
      if (node !== undefined) changed = { ...changed, [nodeId]: { ...node, inputs: { ...node.inputs, [input]: valueOf(field) } } };
    }
  }
  return changed;
}

/** What a caller sends to get the source graph. */
function sourceInputs(endpoint: Endpoint): JsonObject {
  return Object.fromEntries(endpoint.fields.map((field) => [field.name, field.candidate.value]));
}

/** Runs the module as the gateway does, and looks whether it does what the endpoint says. */
export class BehaviourCheck {
  readonly #subject: Behaviour;
  readonly #findings: Finding[] = [];
  /** Places that are known to differ from the source. */
  readonly #told = new Set<string>();

  constructor(subject: Behaviour) {
    this.#subject = subject;
  }

  run(): readonly Finding[] {
    this.#schema();
    this.#source();
    for (const field of this.#subject.endpoint.fields) {
      this.#changes(field);
      this.#refusals(field);
    }
    this.#unknownField();
    return this.#findings;
  }

  #found(check: CheckName, mark: string, message: string): void {
    const { lines } = this.#subject;
    this.#findings.push({ check, line: lines.get(mark) ?? lines.get(mark.split("/")[0] ?? "") ?? null, message });
  }

  #generate(inputs: JsonObject): Graph | string {
    const { workflow } = this.#subject;
    try {
      return workflow.generate(workflow.parse(inputs));
    } catch (error) {
      return error instanceof AppError ? error.detail : String(error);
    }
  }

  #schema(): void {
    const { workflow, endpoint } = this.#subject;
    const properties = workflow.inputSchema["properties"];
    const described = typeof properties === "object" && properties !== null && !Array.isArray(properties) ? Object.entries(properties) : [];
    const names = described.map(([name]) => name).sort();
    const wanted = endpoint.fields.map((field) => field.name).sort();
    if (!isDeepStrictEqual(names, wanted)) this.#found("schema", "schema", `the schema describes ${names.join(", ") || "nothing"}, not ${wanted.join(", ") || "nothing"}`);
    for (const [name, node] of described) {
      const text = typeof node === "object" && node !== null && "description" in node ? node["description"] : undefined;
      if (typeof text !== "string" || text === "") this.#found("schema", `field:${name}`, `${name} has no description`);
    }
    for (const [name, value] of Object.entries(workflow.defaults)) {
      const field = endpoint.fields.find((each) => each.name === name);
      if (!isDeepStrictEqual(value, field?.default)) this.#found("schema", `field:${name}`, `${name} is described with the default ${shown(value)}, not ${shown(field?.default)}`);
    }
  }

  #compare(what: string, made: Graph | string, wanted: Graph): void {
    if (typeof made === "string") return this.#found("source", "schema", `${what}: ${made}`);
    for (const place of differences(wanted, made)) {
      if (this.#told.has(place)) continue;
      this.#told.add(place);
      const [id = "", input] = [place.split("/")[0], place.split("/").slice(1).join("/")];
      const values = input === "" ? "" : `: ${shown(made[id]?.inputs[input ?? ""])} instead of ${shown(wanted[id]?.inputs[input ?? ""])}`;
      this.#found("source", `node:${place}`, `${what}, ${place} differs from the source graph${values}`);
    }
  }

  #source(): void {
    const { endpoint, graph } = this.#subject;
    const source = sourceInputs(endpoint);
    this.#compare("With the values of the source", this.#generate(source), graph);
    // Only what a caller must send, and the seeds, which would be drawn.
    const needed = endpoint.fields.filter((field) => field.default === undefined);
    const wanted = withInputs(graph, endpoint.fields.filter((field) => field.default !== undefined), (field) => field.default ?? null);
    this.#compare("With the defaults", this.#generate(Object.fromEntries(needed.map(({ name, candidate }) => [name, candidate.value]))), wanted);
  }

  #changes(field: Field): void {
    const { endpoint } = this.#subject;
    const { candidate, name } = field;
    // The module's own graph: what it has otherwise than the source is told once and not again for each field.
    const graph = this.#generate(sourceInputs(endpoint));
    const other = otherLegalValue(field.type, candidate.value);
    if (other === undefined || typeof graph === "string") return;
    const made = this.#generate({ ...sourceInputs(endpoint), [name]: other });
    if (typeof made === "string") return this.#found("fields", `field:${name}`, `${name} may be ${shown(other)}, but that is refused: ${made}`);
    const expected = withInputs(graph, [field], () => other);
    for (const place of differences(expected, made)) this.#found("fields", `field:${name}`, `${name} set to ${shown(other)} leaves ${place} otherwise than it says`);
    if (differences(graph, made).length !== candidate.sets.length) {
      this.#found("fields", `field:${name}`, `${name} changes ${differences(graph, made).join(", ") || "nothing"}, not ${candidate.sets.map(({ nodeId, input }) => `${nodeId}/${input}`).join(", ")}`);
    }
  }

  #isRefused(inputs: JsonObject): boolean {
    try {
      this.#subject.workflow.parse(inputs);
      return false;
    } catch (error) {
      return error instanceof AppError && error.code === "invalid_input";
    }
  }

  #refusals(field: Field): void {
    const source = sourceInputs(this.#subject.endpoint);
    for (const value of illegalValues(field.type)) {
      if (!this.#isRefused({ ...source, [field.name]: value })) this.#found("refusals", `field:${field.name}`, `${field.name} takes ${shown(value)}, which it must not`);
    }
    const { [field.name]: _left, ...without } = source;
    const isNeeded = field.default === undefined && field.type.kind !== "seed";
    if (isNeeded && !this.#isRefused(without)) this.#found("refusals", `field:${field.name}`, `${field.name} is required, but may be left out`);
  }

  #unknownField(): void {
    const inputs = { ...sourceInputs(this.#subject.endpoint), no_such_field: 1 };
    if (!this.#isRefused(inputs)) this.#found("refusals", "schema", "a field that does not exist is taken");
  }
}
