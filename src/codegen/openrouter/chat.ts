import { z } from "zod";
import type OpenAI from "openai";
import type { JsonObject } from "../../json/exact.ts";
import type { Clock } from "../../telemetry/clock.ts";
import { type FailedTry, failureOf, isRetryable, OpenRouterFailure, reasonOf } from "./failure.ts";
import { retryAfterMs, waitBefore } from "./retry-wait.ts";
import { appTitle, type OpenRouterSettings } from "./settings.ts";

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface Answer {
  readonly text: string;
  /** Which of the models answered. */
  readonly model: string;
  /** The model stopped because it may write no more: the text is cut. */
  readonly cut: boolean;
  readonly usage: Usage;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In US dollars; null when the service does not say. */
  readonly cost: number | null;
}

export interface ChatDeps {
  readonly settings: OpenRouterSettings;
  readonly clock: Clock;
  /** Aborted when the user breaks it off. */
  readonly signal: AbortSignal;
  /** Characters of the answer so far. */
  readonly onProgress: (characters: number) => void;
  /** Told of each retry and each step back, in a line. */
  readonly onNote: (note: string) => void;
}

export interface ChatRequest {
  readonly messages: readonly Message[];
  /** JSON Schema that the answer is to follow, for models that have structured output. */
  readonly schema: JsonObject;
  readonly maxTokens: number;
}

/** First try included. Three waits of 1, 2 and 4 seconds cover a restart behind a load balancer. */
const maxTries = 4;

/** Words with which models and providers refuse `response_format`. */
const refusesStructure = /response_format|json_schema|structured.?output|require_parameters|no endpoints found that (?:support|can handle)/i;

const usageSchema = z.looseObject({ prompt_tokens: z.number().default(0), completion_tokens: z.number().default(0), cost: z.number().optional() });

type Outcome = { readonly answer: Answer } | { readonly failed: FailedTry };

/** Asks OpenRouter for one answer at a time. The package that speaks the protocol is loaded when the first question is asked. */
export class OpenRouterChat {
  readonly #deps: ChatDeps;
  #client: OpenAI | null = null;
  #structured = true;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
  }

  /**
   * @throws {OpenRouterFailure} once the service will not give an answer, with what to do about it
   */
  async ask(request: ChatRequest): Promise<Answer> {
    const { clock, settings, onNote, signal } = this.#deps;
    const limit = new AbortController();
    const timer = clock.after(settings.timeLimitMs, () => limit.abort());
    const ended = AbortSignal.any([signal, limit.signal]);
    try {
      for (let tries = 1; ; tries += 1) {
        const outcome = await this.#try(request, ended);
        if ("answer" in outcome) return outcome.answer;
        if (signal.aborted) throw new OpenRouterFailure("Broken off.");
        if (limit.signal.aborted) throw this.#tooSlow();
        const { failed } = outcome;
        if (this.#structured && (failed.status === 400 || failed.status === 404) && refusesStructure.test(failed.reason)) {
          this.#structured = false;
          onNote("The model has no structured output; asking for plain JSON.");
          continue;
        }
        const waitMs = failed.retryable && tries < maxTries ? waitBefore(tries, failed.waitMs) : null;
        if (waitMs === null) throw failureOf(failed, tries);
        onNote(`${failed.status ?? "No answer"}: ${failed.reason}; trying again in ${Math.ceil(waitMs / 1000)} s`);
        await this.#wait(waitMs, ended);
        if (signal.aborted) throw new OpenRouterFailure("Broken off.");
        if (limit.signal.aborted) throw this.#tooSlow();
      }
    } finally {
      timer.cancel();
    }
  }

  #tooSlow(): OpenRouterFailure {
    const seconds = Math.round(this.#deps.settings.timeLimitMs / 1000);
    return new OpenRouterFailure(
      `The model gave no whole answer within ${seconds} s.\nRaise --time-limit, choose a faster --model, or use --offline.`,
    );
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = this.#deps.clock.after(ms, end);
      signal.addEventListener("abort", end);
    });
  }

  async #connect(): Promise<OpenAI> {
    if (this.#client !== null) return this.#client;
    const { default: Client } = await import("openai");
    const { baseUrl, apiKey, appUrl } = this.#deps.settings;
    this.#client = new Client({
      baseURL: baseUrl,
      apiKey,
      // Those of another service may stand in the environment, and are none of OpenRouter's business.
      organization: null,
      project: null,
      adminAPIKey: null,
      defaultHeaders: { "HTTP-Referer": appUrl, "X-Title": appTitle },
      logLevel: "off",
      // Retries are ours: they are told, counted, and end with the time limit.
      maxRetries: 0,
    });
    return this.#client;
  }

  async #try(request: ChatRequest, signal: AbortSignal): Promise<Outcome> {
    const [model, ...fallbacks] = this.#deps.settings.models;
    const client = await this.#connect();
    const extra = {
      ...(fallbacks.length === 0 ? {} : { models: [model, ...fallbacks] }),
      usage: { include: true },
      // OpenRouter's own name for it; the package calls it deprecated for its makers' service.
      max_tokens: request.maxTokens,
      // Among the providers of a model only those that know response_format.
      ...(this.#structured ? { provider: { require_parameters: true } } : {}),
    };
    try {
      const stream = await client.chat.completions.create(
        {
          ...extra,
          model: model ?? "",
          messages: request.messages.map(({ role, content }) => ({ role, content })),
          // The same export gives the same names where the model allows it.
          temperature: 0,
          stream: true,
          stream_options: { include_usage: true },
          ...(this.#structured
            ? { response_format: { type: "json_schema", json_schema: { name: "plan", strict: true, schema: { ...request.schema } } } }
            : {}),
        },
        { signal },
      );
      return await this.#read(stream, signal);
    } catch (error) {
      return { failed: this.#failedTry(error) };
    }
  }

  async #read(stream: AsyncIterable<OpenAI.ChatCompletionChunk>, signal: AbortSignal): Promise<Outcome> {
    let text = "";
    let model = "";
    let finish: string | null = null;
    let usage: Usage = { promptTokens: 0, completionTokens: 0, cost: null };
    for await (const chunk of stream) {
      model = chunk.model || model;
      const choice = chunk.choices[0];
      text += choice?.delta?.content ?? "";
      finish = choice?.finish_reason ?? finish;
      const used = usageSchema.safeParse(chunk.usage);
      if (used.success) usage = { promptTokens: used.data.prompt_tokens, completionTokens: used.data.completion_tokens, cost: used.data.cost ?? null };
      this.#deps.onProgress(text.length);
    }
    if (finish === null) {
      const reason = signal.aborted ? "broken off" : text === "" ? "the answer was empty" : "the answer broke off";
      return { failed: { status: null, reason, retryable: true, waitMs: null } };
    }
    if (finish === "content_filter") return { failed: { status: 403, reason: "a content filter stopped the answer", retryable: false, waitMs: null } };
    return { answer: { text, model, cut: finish === "length", usage } };
  }

  #failedTry(error: unknown): FailedTry {
    const shape = errorSchema.safeParse(error);
    if (!shape.success) return { status: null, reason: error instanceof Error ? error.message : String(error), retryable: true, waitMs: null };
    const { status, error: body, headers, message } = shape.data;
    const { reason, code } = reasonOf(body, message);
    const known = status ?? code;
    const header = headers?.get("retry-after") ?? null;
    return { status: known, reason, retryable: isRetryable(known), waitMs: retryAfterMs(header, this.#deps.clock.now()) };
  }
}

/** The package's errors, read by shape: their class is only there once the package is loaded. */
const errorSchema = z.object({
  status: z.number().optional(),
  error: z.unknown(),
  headers: z.instanceof(Headers).optional(),
  message: z.string(),
});
