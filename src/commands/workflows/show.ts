import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from "../../json/exact.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { fieldSets } from "../../workflow/field-sets.ts";
import type { Workflow } from "../../workflow/workflow.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readWorkflowArguments } from "./arguments.ts";
import { discoverAll } from "./list.ts";

interface Field {
  readonly name: string;
  readonly schema: JsonObject;
  readonly isNeeded: boolean;
  /** `node/input` of the graph, each. */
  readonly sets: readonly string[];
}

function fieldsOf(workflow: Workflow): readonly Field[] {
  const { properties, required } = workflow.inputSchema;
  const needed: ReadonlySet<JsonValue> = new Set(Array.isArray(required) ? required : []);
  const sets = fieldSets(workflow);
  return Object.entries(isJsonObject(properties) ? properties : {}).map(([name, schema]) => ({
    name,
    schema: isJsonObject(schema) ? schema : {},
    isNeeded: needed.has(name),
    sets: sets.get(name) ?? [],
  }));
}

function end(value: JsonValue | undefined): string {
  return typeof value === "number" || typeof value === "bigint" ? String(value) : "…";
}

function typeText({ schema }: Field): string {
  if (typeof schema["x-file"] === "string") return `${schema["x-file"]} file`;
  if (Array.isArray(schema["enum"])) return schema["enum"].map(String).slice(0, 6).join(" | ") + (schema["enum"].length > 6 ? " | …" : "");
  const type = Array.isArray(schema["type"]) ? schema["type"].join(" or ") : typeof schema["type"] === "string" ? schema["type"] : "any of several";
  const { minimum, maximum } = schema;
  const range = minimum === undefined && maximum === undefined ? "" : ` ${end(minimum)}–${end(maximum)}`;
  return `${type}${range}`;
}

function shownDefault({ schema, isNeeded }: Field): string {
  if (isNeeded) return "needed";
  if (schema["default"] === undefined) return schema["x-seed"] === true ? "drawn when left out" : "may be left out";
  const text = stringifyJson(isJsonObject(schema["default"]) || Array.isArray(schema["default"]) ? schema["default"] : [schema["default"]]);
  const bare = isJsonObject(schema["default"]) || Array.isArray(schema["default"]) ? text : text.slice(1, -1);
  return `default ${bare.length > 60 ? `${bare.slice(0, 57)}…` : bare}`;
}

function asText(workflow: Workflow): string {
  const { id, summary, description, metadata } = workflow;
  const fields = fieldsOf(workflow).map((field) => {
    const sets = field.sets.length === 0 ? "" : `\n      sets ${field.sets.join(", ")}`;
    const about = typeof field.schema["description"] === "string" ? `\n      ${field.schema["description"].split("\n")[0]?.slice(0, 110) ?? ""}` : "";
    return `  ${field.name}: ${typeText(field)}, ${shownDefault(field)}${about}${sets}\n`;
  });
  const models = metadata.requiredModels.map((name) => `  ${name}${metadata.modelSources[name] === undefined ? "" : `  ${metadata.modelSources[name]}`}\n`);
  return [
    `${id}: ${summary}\n${description}\n`,
    `\nInputs\n${fields.length === 0 ? "  none\n" : fields.join("")}`,
    `\nNode classes\n  ${metadata.requiredNodes.join(", ")}\n`,
    `\nModels\n${models.length === 0 ? "  none\n" : models.join("")}`,
  ].join("");
}

function asJson(workflow: Workflow): string {
  const { id, summary, description, inputSchema, defaults, example, metadata, form } = workflow;
  const { requiredNodes, requiredModels, modelSources, ...others } = metadata;
  const parameters = fieldsOf(workflow).map(({ name, sets }) => ({ name, sets }));
  const dependencies = { nodes: requiredNodes, models: requiredModels.map((name) => ({ name, url: modelSources[name] ?? null })) };
  return `${stringifyJson({ id, summary, description, inputs: inputSchema, defaults, example, parameters, dependencies, metadata: others, form: form ?? null }, 2)}\n`;
}

export async function showWorkflow(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readWorkflowArguments(argv, surroundings, { command: "workflows", switches: ["json"] });
  if (asked === null) return 2;
  const { print, complain } = surroundings;
  const [id, ...others] = asked.positionals;
  if (id === undefined || others.length > 0) {
    complain("Name one workflow; `comfyui-api workflows list` shows them.\n");
    return 2;
  }
  const { workflows, broken } = await discoverAll(surroundings, asked.config);
  const workflow = workflows.find((each) => each.id === id);
  if (workflow === undefined) {
    const faults = broken.filter((each) => each.id === id).map(({ message }) => `${message}\n`);
    const meant = nearestName(id, workflows.map((each) => each.id));
    complain(faults.length > 0 ? faults.join("") : `There is no workflow ${id}.${meant === null ? " `comfyui-api workflows list` shows all." : ` Did you mean ${meant}?`}\n`);
    return 1;
  }
  print(asked.switches.has("json") ? asJson(workflow) : asText(workflow));
  return 0;
}
