import { z } from "@hono/zod-openapi";
import { webhookStates, type DeliveryLog } from "../../job/webhook-outbox.ts";
import { time, viewTime, viewTimeOrNull } from "./time-view.ts";

export const WebhookSchema = z.object({
  url: z.string().openapi({ description: "Without its query, in which receivers put passwords" }),
  state: z.enum(["waiting", ...webhookStates]).openapi({
    description: "`waiting` for the job's end; `pending`: to be sent, once more or for the first time; `gone`: the receiver wants no more (410); `exhausted`: given up",
  }),
  next_attempt_at: time.nullable(),
  deliveries: z.array(
    z.object({
      number: z.number().int(),
      at: time,
      status_code: z.number().int().nullable().openapi({ description: "null when there was no answer" }),
      error: z.string().nullable(),
      duration_ms: z.number().int(),
    }),
  ),
});

/** Receivers put secrets into queries. */
function withoutQuery(text: string): string {
  const url = new URL(text);
  url.search = "";
  url.hash = "";
  return url.href;
}

/** @param log null when it is not known, or there is none yet */
export function viewWebhook(url: string, isJobFinished: boolean, log: DeliveryLog | null): z.infer<typeof WebhookSchema> {
  if (log === null) return { url: withoutQuery(url), state: isJobFinished ? "pending" : "waiting", next_attempt_at: null, deliveries: [] };
  return {
    url: withoutQuery(url),
    state: log.state,
    next_attempt_at: viewTimeOrNull(log.dueAt),
    deliveries: log.deliveries.map(({ number, at, statusCode, error, durationMs }) => ({
      number,
      at: viewTime(at),
      status_code: statusCode,
      error,
      duration_ms: durationMs,
    })),
  };
}
