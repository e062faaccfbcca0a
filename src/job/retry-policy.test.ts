import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../errors/table.ts";
import type { JobAttempt } from "./job.ts";
import { retryDelayMs } from "./retry-policy.ts";

function attempts(...failed: readonly { readonly code: ErrorCode; readonly ran: boolean }[]): JobAttempt[] {
  return failed.map(({ code, ran }, index) => ({
    number: index + 1,
    promptId: `p${index}`,
    begunAt: 0,
    startedAt: ran ? 1 : null,
    endedAt: 2,
    error: { code, detail: "" },
  }));
}

describe("retryDelayMs", () => {
  it("does not retry what would fail again", () => {
    for (const code of ["comfyui_rejected", "comfyui_node_failed", "comfyui_interrupted", "internal"] as const) {
      expect(retryDelayMs(code, true, [])).toBeNull();
    }
  });

  it("gives a job that ran while ComfyUI was lost one more try, and no third", () => {
    expect(retryDelayMs("comfyui_lost", true, [])).toBe(1_000);
    expect(retryDelayMs("comfyui_lost", true, attempts({ code: "comfyui_lost", ran: true }))).toBeNull();
  });

  it("does not blame a job that only waited when ComfyUI was lost, but not for ever", () => {
    const waited = { code: "comfyui_lost", ran: false } as const;
    expect(retryDelayMs("comfyui_lost", true, attempts(waited, waited, waited))).not.toBeNull();
    expect(retryDelayMs("comfyui_lost", false, attempts(waited, waited, waited, waited, waited))).toBeNull();
  });

  it("counts each code for itself", () => {
    expect(retryDelayMs("comfyui_out_of_memory", true, attempts({ code: "comfyui_lost", ran: true }))).toBe(2_000);
  });

  it("waits twice as long each time", () => {
    const waited = { code: "comfyui_lost", ran: false } as const;
    expect([[], [waited], [waited, waited]].map((earlier) => retryDelayMs("comfyui_lost", false, attempts(...earlier)))).toEqual([1_000, 2_000, 4_000]);
  });
});
