import { z } from "@hono/zod-openapi";
import type { GatewayStatus } from "../deps.ts";

export const HealthSchema = z.object({ status: z.literal("ok") }).openapi("Health");

export const ReadySchema = z.object({ ready: z.literal(true) }).openapi("Ready");

export const StatusSchema = z
  .object({
    version: z.string(),
    uptime_seconds: z.number(),
    queue: z.object({
      queued: z.number().int().openapi({ description: "Jobs of status `queued`" }),
      claimed: z.number().int().openapi({ description: "Those of them that the gateway has taken up for ComfyUI, and that do not run yet" }),
      running: z.number().int().openapi({ description: "Jobs of status `running`" }),
    }),
    backend: z.object({
      reachable: z.boolean(),
      since: z.string().openapi({ format: "date-time", description: "Last change of `reachable`" }),
      reason: z.string().nullable(),
      version: z.string().nullable(),
      devices: z.array(z.object({ name: z.string(), type: z.string(), vram_total: z.number(), vram_free: z.number() })),
      queue_remaining: z.number().int().nullable().openapi({ description: "Prompts in ComfyUI, of anyone" }),
    }),
    workflows: z.object({ served: z.number().int(), broken: z.number().int() }),
  })
  .openapi("Status");

interface Served {
  readonly version: string;
  readonly served: number;
  readonly broken: number;
}

export function viewStatus(status: GatewayStatus, { version, served, broken }: Served): z.infer<typeof StatusSchema> {
  const { reachable, since, reason, devices, queueRemaining } = status.backend;
  return {
    version,
    uptime_seconds: status.uptimeSeconds,
    queue: { queued: status.queue.queued, claimed: status.queue.claimed, running: status.queue.running },
    backend: {
      reachable,
      since: new Date(since).toISOString(),
      reason,
      version: status.backend.version,
      devices: devices.map(({ name, type, vramTotal, vramFree }) => ({ name, type, vram_total: vramTotal, vram_free: vramFree })),
      queue_remaining: queueRemaining,
    },
    workflows: { served, broken },
  };
}
