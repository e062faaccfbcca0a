import { relative } from "node:path";
import { checkNames } from "../../codegen/proof/finding.ts";
import { curlLine } from "./curl-line.ts";
import { defaultText, rangeText, setsText, table, typeText, valueText, cut } from "./field-text.ts";
import type { Outcome } from "./outcome.ts";

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** Whose names these are, and what they cost. */
function whoNamed({ generated, offline }: Outcome): string {
  if (generated.asked === null) return `Named by rules alone${offline ? "" : " (OPENROUTER_API_KEY is not set)"}: the names and words were not reviewed.`;
  const { model, rounds, usage } = generated.asked;
  const cost = usage.cost === null ? "" : `, $${usage.cost.toFixed(4)}`;
  return `Named by ${model} in ${rounds === 1 ? "one round" : `${rounds} rounds`}: ${usage.promptTokens} tokens in, ${usage.completionTokens} out${cost}.`;
}

/** The path as one would type it here. */
export function shownPath(path: string): string {
  const near = relative(".", path);
  return near === "" || near.startsWith("..") ? path : near;
}

function findingLines({ generated, path }: Outcome): readonly string[] {
  return generated.proof.findings.map(({ check, line, message }) => `${shownPath(path)}${line === null ? "" : `:${line}`}: ${message} [${check}]`);
}

/** The whole story, for the person at the terminal. */
export function outcomeText(outcome: Outcome): string {
  const { source, generated, path, written, catalog } = outcome;
  const { endpoint, proof } = generated;
  const rows = endpoint.fields.map((field) => [field.name, typeText(field), rangeText(field), defaultText(field), setsText(field)]);
  const offered = endpoint.leftOut.filter(({ candidate }) => candidate.suggested);
  const others = endpoint.leftOut.length - offered.length;
  const left = [
    ...offered.map(({ candidate, reason }) => `${candidate.key} = ${cut(valueText(candidate.value))}: ${reason}`),
    ...source.dropped.map(({ name, reason }) => `${name}: ${reason}`),
    ...(others === 0 ? [] : [`${others} further ${others === 1 ? "value" : "values"} of the graph`]),
  ];
  const passed = proof.checks.filter((check) => check.state === "passed").length;
  const skipped = proof.checks.filter((check) => check.state === "skipped").map(({ name, reason }) => `not checked that it ${checkNames[name]}: ${reason}`);
  const warnings = [...source.inexact, ...source.warnings, ...proof.notes];
  return [
    `${endpoint.summary}\n${endpoint.description}\n\n`,
    rows.length === 0 ? "  no parameters\n" : table(["name", "type", "range", "default", "sets"], rows),
    section("Left out", left),
    section("Model files without a known source: fill in metadata.modelSources", source.requirements.unknownSources.map(({ name, folder }) => (folder === "" ? name : `${name} (models/${folder})`))),
    section("Warnings", warnings),
    section("What the update changes", generated.changes),
    outcome.difference === "" ? "" : `\n${outcome.difference}`,
    section("Wrong", findingLines(outcome)),
    `\n${whoNamed(outcome)}\n`,
    `Proof: ${passed} of ${proof.checks.length} checks passed by ${catalog}.\n`,
    ...skipped.map((line) => `  ${line}\n`),
    written ? `Wrote ${shownPath(path)}\n\nPOST /${endpoint.id}\n${curlLine(endpoint)}\n` : "Nothing was written.\n",
  ].join("");
}
