import { z } from "@hono/zod-openapi";
import type { RawData } from "ws";
import { AppError } from "../../errors/app-error.ts";
import { toProblem } from "../../errors/problem.ts";
import { readJsonText } from "../body/json-text.ts";

/** Where the stream is; errors on it name it. */
export const streamPath = "/v1/stream";

/** Stands for all jobs in a subscription. */
export const allJobs = "*";

const jobId = z.string().min(1).max(200);

const messageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("subscribe"), job_id: jobId, after: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() }),
  z.strictObject({ type: z.literal("unsubscribe"), job_id: jobId }),
]);

/** What a reader sends. */
export type StreamMessage = z.infer<typeof messageSchema>;

const shape = 'Send {"type":"subscribe","job_id":"…","after":0} or {"type":"unsubscribe","job_id":"…"}; "*" stands for all jobs.';

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** @throws {AppError} `invalid_message` */
export function readMessage(data: RawData, isBinary: boolean): StreamMessage {
  if (isBinary) throw new AppError("invalid_message", `Binary messages mean nothing here. ${shape}`);
  const reading = readJsonText(bytesOf(data).toString());
  if (!("value" in reading)) throw new AppError("invalid_message", `The message is not valid JSON: ${reading.fault}. ${shape}`);
  const parsed = messageSchema.safeParse(reading.value);
  if (!parsed.success) throw new AppError("invalid_message", `The message is not one of those that are known here. ${shape}`);
  return parsed.data;
}

/** @param of the subscription it is about, if it is about one */
export function errorMessage(error: AppError, of?: string): object {
  return { type: "error", ...(of === undefined ? {} : { job_id: of }), problem: toProblem(error, streamPath) };
}
