import { z } from "@hono/zod-openapi";

export const time = z.string().openapi({ format: "date-time", description: "RFC 3339, UTC" });

export function viewTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function viewTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : viewTime(ms);
}
