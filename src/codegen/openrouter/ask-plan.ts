import type { CheckedPlan } from "../plan/check-plan.ts";
import type { Endpoint } from "../plan/endpoint.ts";
import { planJsonSchema } from "../plan/plan.ts";
import type { Message, OpenRouterChat, Usage } from "./chat.ts";
import { OpenRouterFailure } from "./failure.ts";
import { repairPrompt, systemPrompt } from "./prompt.ts";
import { readAnswer } from "./read-answer.ts";

/** After that a model will not get it right, and each round costs the author money. */
const maxRepairs = 3;
/** A plan of 60 knobs is some 8,000 tokens; models that think first count that too. */
const firstMaxTokens = 16_000;
/** Asked once more with this when the answer was cut. */
const secondMaxTokens = 48_000;

export interface PlannedByModel {
  readonly endpoint: Endpoint;
  /** Which model's plan it is. */
  readonly model: string;
  /** Questions asked, first one included. */
  readonly rounds: number;
  /** Of all rounds. */
  readonly usage: Usage;
}

function sum(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    cost: a.cost === null && b.cost === null ? null : (a.cost ?? 0) + (b.cost ?? 0),
  };
}

/** Told to the author when the last plan is still wrong: enough to see what kind of wrong it is. */
const maxShownProblems = 8;

/**
 * Asks for a plan until one passes, at most four times.
 *
 * @param data the graph and its candidates, compact (src/codegen/brief)
 * @param check what the plan must pass
 * @param onNote told what was wrong with each plan that goes back
 * @throws {OpenRouterFailure} when the service fails, or when the last plan is still wrong
 */
export async function askPlan(
  chat: OpenRouterChat,
  data: string,
  check: (answer: unknown) => CheckedPlan,
  onNote: (note: string) => void,
): Promise<PlannedByModel> {
  const messages: Message[] = [
    { role: "system", content: systemPrompt },
    { role: "user", content: data },
  ];
  const schema = planJsonSchema();
  let usage: Usage = { promptTokens: 0, completionTokens: 0, cost: null };
  let maxTokens = firstMaxTokens;
  for (let round = 1; ; round += 1) {
    const answer = await chat.ask({ messages, schema, maxTokens });
    usage = sum(usage, answer.usage);
    const read = readAnswer(answer.text);
    const checked: CheckedPlan = "problem" in read ? { problems: [read.problem] } : check(read.value);
    if ("endpoint" in checked) return { endpoint: checked.endpoint, model: answer.model, rounds: round, usage };
    if (answer.cut && maxTokens === secondMaxTokens) {
      throw new OpenRouterFailure(
        `The model's answer was cut at ${secondMaxTokens} tokens (finish_reason length).\nChoose a --model that writes longer answers, or use --offline.`,
      );
    }
    if (round > maxRepairs) {
      const shown = checked.problems.slice(0, maxShownProblems).map((problem) => `  ${problem}`);
      const more = checked.problems.length > shown.length ? [`  and ${checked.problems.length - shown.length} more`] : [];
      throw new OpenRouterFailure([`The model's plan is still wrong after ${maxRepairs} repairs:`, ...shown, ...more, "Try another --model, or use --offline."].join("\n"));
    }
    if (answer.cut) {
      // Half a plan is no ground to build on: the same question again, with more room.
      maxTokens = secondMaxTokens;
      onNote("The answer was cut at its longest; asking again with more room.");
      continue;
    }
    onNote(`The plan has ${checked.problems.length === 1 ? "a problem" : `${checked.problems.length} problems`} and goes back: ${checked.problems[0] ?? ""}`);
    messages.splice(2, messages.length, { role: "assistant", content: answer.text }, { role: "user", content: repairPrompt(checked.problems) });
  }
}
