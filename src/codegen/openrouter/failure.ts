import { z } from "zod";

/** OpenRouter gave no plan. The message says what to do. */
export class OpenRouterFailure extends Error {
  override readonly name = "OpenRouterFailure";
}

/** One try that failed, and what may be done about it. */
export interface FailedTry {
  readonly status: number | null;
  /** What the service said, as far as it may be shown. */
  readonly reason: string;
  readonly retryable: boolean;
  /** From Retry-After; null when the service did not say. */
  readonly waitMs: number | null;
}

const advice: Readonly<Record<number, string>> = {
  400: "The request was refused as wrong. Try another --model; if it happens with every model, please report it with this message.",
  401: "The key was not accepted. Check OPENROUTER_API_KEY; keys are made at https://openrouter.ai/keys.",
  402: "The account has no credit left, or the key's limit is reached. Add credit at https://openrouter.ai/credits, or choose a free --model.",
  403: "The request was refused for this key: the model or the content is not allowed to it. Try another --model.",
  404: "There is no such model, or no provider that this account may use serves it. Look for its exact name at https://openrouter.ai/models.",
  408: "The service took too long. Try again, or choose a faster --model.",
  413: "The workflow is too large for this model. Choose a --model with a longer context.",
  429: "The service is asked too often, by this key or by all. Wait a minute, or choose another --model.",
};

const fallbackAdvice = "The service has a fault of its own. Try again in a minute, or choose another --model.";

/** 408 and 425 ask for another try by their meaning; 429 and 5xx pass. Others say that the same request fails again. */
export function isRetryable(status: number | null): boolean {
  return status === null || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Longest part of a service's own words that is shown. */
const maxReasonLength = 300;

const providerSchema = z.looseObject({ provider_name: z.string().optional(), raw: z.unknown().optional() });
const bodySchema = z.looseObject({ message: z.string().optional(), code: z.union([z.number(), z.string()]).optional(), metadata: providerSchema.optional().catch(undefined) });

function shown(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > maxReasonLength ? `${line.slice(0, maxReasonLength)}…` : line;
}

/** What an error body `{message, code, metadata: {provider_name, raw}}` says, in a line. */
export function reasonOf(body: unknown, fallback: string): { readonly reason: string; readonly code: number | null } {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) return { reason: shown(fallback), code: null };
  const { message, code, metadata } = parsed.data;
  const provider = metadata?.provider_name === undefined ? "" : ` (provider ${metadata.provider_name}${typeof metadata.raw === "string" ? `: ${metadata.raw}` : ""})`;
  const number = Number(code);
  return { reason: shown(`${message ?? fallback}${provider}`), code: Number.isInteger(number) && number >= 400 && number < 600 ? number : null };
}

/** What to tell the person at the terminal once no further try is made. */
export function failureOf({ status, reason }: FailedTry, tries: number): OpenRouterFailure {
  const what = status === null ? "OpenRouter could not be reached" : `OpenRouter answered ${status}`;
  const how = tries > 1 ? ` ${tries} times` : "";
  const help = status === null ? "Check the connection and OPENROUTER_BASE_URL." : (advice[status] ?? fallbackAdvice);
  return new OpenRouterFailure(`${what}${how}: ${reason}\n${help}\nWith --offline the endpoint is made by rules alone, without a model.`);
}
