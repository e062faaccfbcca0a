import { stringifyJson } from "../../json/exact.ts";
import { curlLine } from "./curl-line.ts";
import { typeText } from "./field-text.ts";
import type { Outcome } from "./outcome.ts";

/** The whole story, for other programs: one JSON object. */
export function outcomeJson(outcome: Outcome): string {
  const { source, generated, path, written, catalog } = outcome;
  const { endpoint, proof, printed, asked } = generated;
  const report = {
    ok: proof.passed,
    id: endpoint.id,
    file: path,
    written,
    summary: endpoint.summary,
    description: endpoint.description,
    parameters: endpoint.fields.map((field) => ({
      name: field.name,
      type: typeText(field),
      ...("min" in field.type ? { min: field.type.min, max: field.type.max } : {}),
      ...(field.type.kind === "choice" && !field.type.open ? { options: field.type.options } : {}),
      required: field.default === undefined && field.type.kind !== "seed",
      ...(field.default === undefined ? {} : { default: field.default }),
      group: field.group,
      description: field.description,
      sets: field.candidate.sets,
    })),
    left_out: [
      ...endpoint.leftOut.map(({ candidate, reason }) => ({ name: candidate.key, reason, sets: candidate.sets })),
      ...source.dropped.map(({ name, reason }) => ({ name, reason })),
    ],
    outputs: endpoint.outputs.map(({ nodeId, name }) => ({ node_id: nodeId, name })),
    models_without_source: source.requirements.unknownSources,
    warnings: [...source.inexact, ...source.warnings, ...proof.notes],
    named_by: asked === null ? null : { model: asked.model, rounds: asked.rounds, prompt_tokens: asked.usage.promptTokens, completion_tokens: asked.usage.completionTokens, cost_usd: asked.usage.cost },
    catalog,
    proof: { passed: proof.passed, checks: proof.checks, findings: proof.findings },
    changes: generated.changes,
    difference: outcome.difference,
    curl: curlLine(endpoint),
    module: printed.text,
  };
  return `${stringifyJson(report, 2)}\n`;
}
