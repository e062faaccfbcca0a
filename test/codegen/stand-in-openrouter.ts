import { text } from "node:stream/consumers";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { z } from "zod";

/** How the stand-in answers one question. */
export type Reply =
  /** Streams the text in pieces, as models do. */
  | { readonly kind: "text"; readonly text: string; readonly finish?: string; readonly model?: string }
  | { readonly kind: "error"; readonly status: number; readonly message: string; readonly retryAfter?: string; readonly provider?: string }
  /** Begins with 200 and then tells of an error inside the stream. */
  | { readonly kind: "error-in-stream"; readonly code: number; readonly message: string }
  /** Streams the text and hangs up without an end. */
  | { readonly kind: "hang-up"; readonly text: string }
  /** Says nothing until the caller leaves. */
  | { readonly kind: "silence" };

const questionSchema = z.looseObject({
  model: z.string(),
  models: z.array(z.string()).optional(),
  stream: z.boolean(),
  max_tokens: z.number(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  response_format: z.looseObject({ type: z.string() }).optional(),
});
export type Question = z.infer<typeof questionSchema>;

export interface Asked {
  readonly question: Question;
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
}

function chunk(model: string, delta: object, finish: string | null, usage?: object): string {
  return `data: ${JSON.stringify({ id: "gen-1", object: "chat.completion.chunk", created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }], ...(usage === undefined ? {} : { usage }) })}\n\n`;
}

function stream(response: ServerResponse, model: string, words: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  // What OpenRouter sends while a provider is silent.
  response.write(": OPENROUTER PROCESSING\n\n");
  for (let at = 0; at < words.length; at += 500) response.write(chunk(model, { role: "assistant", content: words.slice(at, at + 500) }, null));
}

/** An OpenRouter in process: real HTTP, answers as scripted, keeps what it was asked. */
export class StandInOpenRouter {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #replies: (Reply | ((question: Question) => Reply))[];

  private constructor(replies: readonly (Reply | ((question: Question) => Reply))[]) {
    this.#replies = [...replies];
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @param replies one for each question, in order; a question beyond them is answered with 500 */
  static async start(replies: readonly (Reply | ((question: Question) => Reply))[]): Promise<StandInOpenRouter> {
    const standIn = new StandInOpenRouter(replies);
    standIn.#server.listen(0, "127.0.0.1");
    await once(standIn.#server, "listening");
    return standIn;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}/api/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = questionSchema.parse(JSON.parse(await text(request)));
    this.asked.push({ question, headers: request.headers, path: request.url ?? "" });
    const scripted = this.#replies.shift() ?? { kind: "error", status: 500, message: "no reply is left in the script" };
    const reply = typeof scripted === "function" ? scripted(question) : scripted;
    switch (reply.kind) {
      case "silence":
        return;
      case "error": {
        const metadata = reply.provider === undefined ? {} : { metadata: { provider_name: reply.provider, raw: "upstream said no" } };
        response.writeHead(reply.status, { "content-type": "application/json", ...(reply.retryAfter === undefined ? {} : { "retry-after": reply.retryAfter }) });
        response.end(JSON.stringify({ error: { code: reply.status, message: reply.message, ...metadata } }));
        return;
      }
      case "error-in-stream":
        stream(response, question.model, "");
        response.end(`data: ${JSON.stringify({ id: "gen-1", error: { code: reply.code, message: reply.message }, choices: [{ index: 0, delta: {}, finish_reason: "error" }] })}\n\n`);
        return;
      case "hang-up":
        stream(response, question.model, reply.text);
        response.end();
        return;
      case "text": {
        const model = reply.model ?? question.model;
        stream(response, model, reply.text);
        response.write(chunk(model, {}, reply.finish ?? "stop"));
        response.write(chunk(model, {}, null, { prompt_tokens: 1200, completion_tokens: 300, total_tokens: 1500, cost: 0.0042 }));
        response.end("data: [DONE]\n\n");
      }
    }
  }
}
