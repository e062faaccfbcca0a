import { idFault } from "../../workflow/workflow-id.ts";
import { type JsonValue, stringifyJson } from "../../json/exact.ts";
import type { Candidate } from "./candidate.ts";
import type { Endpoint, Field, LeftOut } from "./endpoint.ts";
import { narrowType, valueFault } from "./narrow-type.ts";
import { type Plan, type PlannedParameter, planSchema } from "./plan.ts";
import { asSentence, nameFault, textFault, withFileWords } from "./words.ts";

export type CheckedPlan = { readonly endpoint: Endpoint } | { readonly problems: readonly string[] };

export interface PlanContext {
  readonly candidates: readonly Candidate[];
  /** Ids of the graph's output nodes. */
  readonly outputNodes: readonly string[];
  /** Where the module will stand decides its id; null: the plan may say. */
  readonly id: string | null;
}

/** Of the summary, which stands in lists. */
const maxSummaryLength = 100;
const maxDescriptionLength = 1200;
/** Of a field: longer ones are read by nobody. */
const maxFieldDescriptionLength = 500;
const maxGroupLength = 40;
/** A plan may be wrong in every field; the first ones tell what is the matter. */
const maxProblems = 40;

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function defaultOf(planned: PlannedParameter, candidate: Candidate): JsonValue | undefined {
  // A file on the author's ComfyUI is of no use to a caller, and a seed without default is drawn.
  if (planned.required || candidate.type.kind === "file" || candidate.type.kind === "seed") return undefined;
  return planned.default ?? candidate.value;
}

function fieldOf(planned: PlannedParameter, candidate: Candidate): { readonly field: Field } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const note = (what: string, fault: string | null): void => {
    if (fault !== null) problems.push(`${what} ${fault}`);
  };
  note(`name ${quoted(planned.name)}`, nameFault(planned.name));
  note("description", textFault(planned.description, maxFieldDescriptionLength));
  if (planned.group !== null) note(`group ${quoted(planned.group)}`, textFault(planned.group, maxGroupLength));
  const isDrawn = candidate.type.kind === "seed";
  if (planned.required && isDrawn) problems.push("a seed is never required: it is drawn when it is left out");
  if (planned.default !== null && isDrawn) problems.push("a seed has no default: it is drawn; default must be null");
  if (planned.default !== null && candidate.type.kind === "file") problems.push("a file has no default; it is required");
  if (planned.required && planned.default !== null) problems.push("a required field has no default: one of both");
  const narrowed = narrowType(candidate.type, planned);
  if ("problems" in narrowed) return { problems: [...problems, ...narrowed.problems] };
  if (planned.default !== null && !isDrawn) note(`default ${quoted(String(planned.default))}`, valueFault(narrowed.type, planned.default));
  note(`the graph's own value ${quoted(stringifyJson(candidate.value))}`, valueFault(narrowed.type, candidate.value));
  if (problems.length > 0) return { problems };
  return {
    field: {
      candidate,
      name: planned.name,
      description: candidate.type.kind === "file" ? withFileWords(asSentence(planned.description)) : asSentence(planned.description),
      group: planned.group?.trim() ?? null,
      type: narrowed.type,
      default: defaultOf(planned, candidate),
    },
  };
}

interface Fields {
  readonly fields: readonly Field[];
  readonly leftOut: readonly LeftOut[];
  readonly problems: readonly string[];
}

function fieldsOf(plan: Plan, candidates: readonly Candidate[]): Fields {
  const byKey = new Map(candidates.map((candidate) => [candidate.key, candidate]));
  const fields: Field[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  const names = new Map<string, string>();
  for (const [index, planned] of plan.parameters.entries()) {
    const where = `parameters[${index}] (${quoted(planned.candidate)})`;
    const candidate = byKey.get(planned.candidate);
    if (candidate === undefined) {
      problems.push(`${where}: there is no such candidate`);
      continue;
    }
    if (seen.has(planned.candidate)) problems.push(`${where}: the candidate stands in the plan twice`);
    seen.add(planned.candidate);
    if (!planned.keep) continue;
    const other = names.get(planned.name);
    if (other !== undefined) problems.push(`${where}: the name ${quoted(planned.name)} is taken by ${quoted(other)}`);
    names.set(planned.name, planned.candidate);
    const made = fieldOf(planned, candidate);
    if ("field" in made) fields.push(made.field);
    else problems.push(...made.problems.map((problem) => `${where}: ${problem}`));
  }
  const kept = new Set(fields.map((field) => field.candidate.key));
  const leftOut = candidates
    .filter(({ key }) => !kept.has(key))
    .map((candidate) => ({ candidate, reason: seen.has(candidate.key) ? "the plan leaves it out" : "the plan does not mention it" }));
  return { fields, leftOut, problems };
}

function issueText(path: readonly PropertyKey[], message: string): string {
  return `${path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("").replace(/^\./, "") || "the plan"}: ${message}`;
}

/** Endpoints of a family stand together, ordered by heading: fields keep the order in which headings first come. */
function grouped(fields: readonly Field[]): readonly Field[] {
  const groups = [...new Set(fields.map((field) => field.group))];
  return groups.flatMap((group) => fields.filter((field) => field.group === group));
}

/**
 * Checks what a model, or the rules, have planned. Nothing in a plan is trusted: what the catalog does not have, what a name cannot
 * be and what words may not say are problems, each a sentence for whoever made the plan.
 */
export function checkPlan(answer: unknown, context: PlanContext): CheckedPlan {
  const parsed = planSchema.safeParse(answer);
  if (!parsed.success) return { problems: parsed.error.issues.slice(0, maxProblems).map(({ path, message }) => issueText(path, message)) };
  const plan = parsed.data;
  const { fields, leftOut, problems: fieldProblems } = fieldsOf(plan, context.candidates);
  const problems = [...fieldProblems];
  const id = context.id ?? plan.id;
  const wrongId = id === null ? "is null: it must be family/name" : idFault(id);
  if (wrongId !== null) problems.push(`id ${wrongId}`);
  for (const [what, text, maxLength] of [["summary", plan.summary, maxSummaryLength], ["description", plan.description, maxDescriptionLength]] as const) {
    const fault = textFault(text, maxLength);
    if (fault !== null) problems.push(`${what} ${fault}`);
  }
  for (const [index, output] of plan.outputs.entries()) {
    if (!context.outputNodes.includes(output.node_id)) problems.push(`outputs[${index}]: ${quoted(output.node_id)} is no output node`);
    const fault = textFault(output.name, maxSummaryLength);
    if (fault !== null) problems.push(`outputs[${index}]: name ${fault}`);
  }
  if (context.candidates.length > 0 && fields.length === 0 && fieldProblems.length === 0) problems.push("parameters keeps nothing: a caller could not change anything");
  if (problems.length > 0 || id === null) return { problems: problems.slice(0, maxProblems) };
  const named = new Map(plan.outputs.map((output) => [output.node_id, output.name.trim()]));
  return {
    endpoint: {
      id,
      summary: plan.summary.trim().replace(/\.$/, ""),
      description: asSentence(plan.description),
      fields: grouped(fields),
      leftOut,
      outputs: [...named].map(([nodeId, name]) => ({ nodeId, name })),
    },
  };
}
