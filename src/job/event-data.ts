import type { JsonObject } from "../json/exact.ts";
import type { AttemptError, JobError, JobOutput, JobWarning } from "./job.ts";

/** What a store writes as an event's `data`, in one place so that every driver writes the same. */
export const eventData = {
  /** `queued` and `position`: jobs that go first. */
  place: (position: number): JsonObject => ({ position }),

  started: (attempt: number): JsonObject => ({ attempt }),

  warning: ({ code, message, nodeId }: JobWarning): JsonObject => ({ code, message, ...(nodeId === undefined ? {} : { node_id: nodeId }) }),

  /** @param attempt attempts begun so far */
  retrying: (attempt: number, { code, detail }: AttemptError, notBefore: number | null): JsonObject => ({
    attempt,
    error: { code, detail },
    not_before: notBefore === null ? null : new Date(notBefore).toISOString(),
  }),

  output: ({ index, nodeId, kind, filename, contentType, size, sha256 }: JobOutput): JsonObject => ({
    index,
    node_id: nodeId,
    kind,
    filename,
    content_type: contentType,
    size,
    sha256,
  }),

  completed: (): JsonObject => ({}),

  failed: ({ code, detail, errors }: JobError): JsonObject => ({ error: { code, detail, errors: errors.map((error) => ({ ...error })) } }),

  cancelled: (reason: string | null): JsonObject => ({ reason }),
} as const;
