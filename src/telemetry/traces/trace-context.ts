import { randomBytes } from "node:crypto";

/** Where a span belongs. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits; null at the root of a trace. */
  readonly parentId: string | null;
  /** Whether the caller wants it recorded. */
  readonly isSampled: boolean;
}

/** W3C Trace Context: version, trace id, parent id, flags. Later versions may add parts behind these. */
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** null for what is none. */
export function parseTraceparent(header: string | null): TraceContext | null {
  const [, traceId, parentId, flags] = pattern.exec(header?.trim() ?? "") ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A job's own trace, the same in every process that has a part in it: a job id is a UUID, and has the digits of a trace id. */
export function traceOfJob(jobId: string): TraceContext {
  const digits = jobId.replaceAll("-", "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? { traceId: digits, parentId: null, isSampled: true } : traceOfNothing();
}

/** A new trace. */
export function traceOfNothing(): TraceContext {
  return { traceId: randomBytes(16).toString("hex"), parentId: null, isSampled: true };
}

export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}
