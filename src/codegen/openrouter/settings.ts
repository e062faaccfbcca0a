/** How the language model is reached. */
export interface OpenRouterSettings {
  /** Without trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** What OpenRouter shows the requests under: see {@link defaultAppUrl}. */
  readonly appUrl: string;
  /** Asked first; the others stand in, in order, where OpenRouter cannot reach it. */
  readonly models: readonly string[];
  /** For one answer with its retries. */
  readonly timeLimitMs: number;
}

export const defaultBaseUrl = "https://openrouter.ai/api/v1";

/** What names this program to OpenRouter, in its rankings and to the key's owner. */
export const appTitle = "comfyui-api";

/**
 * OpenRouter tells programs apart by an address. This one has no page of its own: it runs on the machine of whoever
 * uses it, for which OpenRouter takes localhost together with a title (https://openrouter.ai/docs/app-attribution).
 */
export const defaultAppUrl = "http://localhost";

/**
 * Good at structured output and at short, exact prose, from three makers, so that one maker's outage is not ours. OpenRouter takes
 * at most three.
 */
const defaultModels = ["anthropic/claude-sonnet-4.5", "openai/gpt-5-mini", "google/gemini-2.5-flash"] as const;

/** A plan for a 200-node graph is some 8,000 tokens; slow models write 50 a second. */
export const defaultTimeLimitMs = 180_000;

/** @param chosen by `--model` or OPENROUTER_MODEL; may be a list with commas; null takes the defaults */
export function modelsOf(chosen: string | null): readonly string[] {
  const named = (chosen ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (named.length === 0) return defaultModels;
  // Who names one model means that one, and would not want another's answer or bill.
  return named.slice(0, 3);
}
