import { exec } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import { bundledProgram } from "./bundle.ts";
import { Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
/** A real ComfyUI loads PyTorch when it starts. */
const timeout = 300_000;
const patience = { timeout: 120_000, interval: 100 };

/** Where a ComfyUI answers that may be used for tests. It needs no model. */
const url = process.env["COMFYUI_URL"];
/** A shell command that kills it with kill -9 and starts it again at the same address; it may return before ComfyUI answers. */
const restartCommand = process.env["COMFYUI_RESTART"];
/** Blurs in a row: more for a faster machine, so that a run lasts for some seconds. */
const blurs = Number(process.env["COMFYUI_BLURS"] ?? 15);

/** Takes seconds on a processor and no model. A colour of its own, so that nothing of it is cached. */
function slowGraph(): Graph {
  const chain: readonly [string, Graph[string]][] = Array.from({ length: blurs }, (_, index) => [
    String(index + 2),
    { class_type: "ImageBlur", inputs: { image: [String(index + 1), 0], blur_radius: 15, sigma: 3 } },
  ]);
  return {
    "1": { class_type: "EmptyImage", inputs: { width: 640, height: 640, batch_size: 4, color: randomInt(0xffffff) } },
    ...Object.fromEntries(chain),
    save: { class_type: "SaveImage", inputs: { images: [String(blurs + 1), 0], filename_prefix: "slow" } },
  };
}

const outputs = ["slow_00001_.png", "slow_00002_.png", "slow_00003_.png", "slow_00004_.png"];

/** How often the job is in ComfyUI's history: its graph holds the job's id. */
async function runsInHistory(comfyuiUrl: string, jobId: string): Promise<number> {
  const text = await (await fetch(`${comfyuiUrl}/history`)).text();
  return text.split(`"filename_prefix": "comfyui-api/${jobId}/`).length - 1;
}

describe.skipIf(url === undefined)("beside a real ComfyUI (where COMFYUI_URL says)", { timeout }, () => {
  async function runningJob(context: Surroundings): Promise<{ readonly at: Host; readonly id: string; readonly comfyuiUrl: string }> {
    const comfyuiUrl = url ?? "";
    const at = await Host.open(context, { command: program.command(), comfyuiUrl });
    await at.start();
    await at.client.untilReady();
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.until(id, ({ progress }) => (progress?.percent ?? 0) > 0);
    return { at, id, comfyuiUrl };
  }

  async function names(at: Host, id: string): Promise<readonly string[]> {
    const job = await vi.waitFor(async () => {
      const seen = await at.client.job(id);
      expect(seen.status).toBe("completed");
      return seen;
    }, patience);
    await at.client.downloaded(job);
    return job.outputs.map(({ filename }) => filename);
  }

  it("a gateway killed three times mid-run completes its job, which ComfyUI ran once", async (context) => {
    const { at, id, comfyuiUrl } = await runningJob(context);
    for (let kill = 0; kill < 3; kill += 1) await at.restart();
    expect((await at.client.job(id)).status).toBe("running");
    expect(await names(at, id)).toEqual(outputs);
    expect((await at.client.job(id)).attempt).toBe(1);
    expect(await runsInHistory(comfyuiUrl, id)).toBe(1);
  });

  it("a gateway that comes back after the run collects what was made meanwhile", async (context) => {
    const { at, id, comfyuiUrl } = await runningJob(context);
    await at.kill();
    await vi.waitFor(async () => expect(await runsInHistory(comfyuiUrl, id)).toBe(1), patience);
    await at.start();
    expect(await names(at, id)).toEqual(outputs);
    expect(await runsInHistory(comfyuiUrl, id)).toBe(1);
  });

  it("a job that is called off mid-run is interrupted, and the next one runs", async (context) => {
    const { at, id } = await runningJob(context);
    await at.client.cancel(id);
    await at.client.until(id, ({ status }) => status === "cancelled");
    const next = await at.client.submit({ graph: slowGraph() });
    expect(await names(at, next.id)).toEqual(outputs);
  });

  it.skipIf(restartCommand === undefined)("a ComfyUI killed mid-run and started again (by COMFYUI_RESTART) gets the job a second time", async (context) => {
    const { at, id, comfyuiUrl } = await runningJob(context);
    await promisify(exec)(restartCommand ?? "false");
    expect(await names(at, id)).toEqual(outputs);
    expect((await at.client.job(id)).attempt).toBe(2);
    expect(await runsInHistory(comfyuiUrl, id)).toBe(1);
  });

  it.skipIf(restartCommand === undefined)("both killed mid-run complete the job between them", async (context) => {
    const { at, id } = await runningJob(context);
    await at.kill();
    await promisify(exec)(restartCommand ?? "false");
    await at.start();
    expect(await names(at, id)).toEqual(outputs);
    expect((await at.client.job(id)).attempt).toBe(2);
  });
});
