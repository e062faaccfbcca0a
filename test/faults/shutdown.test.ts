import { describe, expect, it, vi } from "vitest";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { quickGraph, quickOutputs, slowGraph, slowOutputs } from "./graphs.ts";
import { completedOnce, Host, type Surroundings } from "./host.ts";

const program = bundledProgram();
const timeout = 60_000;

/** One job that runs and is held, and one that waits for it in ComfyUI. */
async function twoJobs(context: Surroundings, args: readonly string[] = []): Promise<{ readonly at: Host; readonly running: string; readonly waiting: string; readonly release: () => void }> {
  const at = await Host.open(context, { command: program.command() });
  await at.start({ args });
  const release = at.demo.faults.holdNode("Slow", 3);
  const { id: running } = await at.client.submit({ graph: slowGraph() });
  await at.client.running(running);
  const { id: waiting } = await at.client.submit({ graph: quickGraph(1) });
  await vi.waitFor(() => expect(at.promptsOf(waiting)).toHaveLength(1), patience);
  return { at, running, waiting, release };
}

describe("a gateway that is told to stop", { timeout }, () => {
  it("takes no more jobs, lets the running one end and gives the waiting one back", async (context) => {
    const { at, running, waiting, release } = await twoJobs(context);
    at.gateway.send("SIGTERM");
    await vi.waitFor(async () => expect(await at.client.refused({ graph: quickGraph(2) })).toMatchObject({ status: 503, code: "shutting_down" }), patience);
    // It refuses jobs before it has taken back the one that waits: that must not come to run first.
    const [promptId = ""] = at.promptsOf(waiting);
    await vi.waitFor(async () => expect(await (await fetch(`${at.demo.url}/queue`)).text()).not.toContain(promptId), patience);
    release();
    expect(await at.gateway.end()).toBe(0);
    expect(at.executionsOf(running)).toBe(1);
    expect(at.executionsOf(waiting)).toBe(0);
    await at.start();
    expect(await at.fate(running)).toEqual(completedOnce(slowOutputs));
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
  });

  it("leaves a job that runs on after the drain time to the next gateway", async (context) => {
    const { at, running, waiting, release } = await twoJobs(context, ["--drain-seconds=0"]);
    expect(await at.gateway.end("SIGTERM")).toBe(0);
    await at.start();
    release();
    expect(await at.fate(running)).toEqual(completedOnce(slowOutputs));
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
  });

  it("twice ends at once, and the next gateway completes what was under way", async (context) => {
    const { at, running, waiting, release } = await twoJobs(context);
    at.gateway.send("SIGTERM");
    await at.gateway.printed(/Stopping/);
    // Signals in quick succession count as one, as a terminal sends them: so until it is heard as the second.
    await vi.waitFor(() => {
      at.gateway.send("SIGTERM");
      expect(at.gateway.hasEnded).toBe(true);
    }, patience);
    expect(await at.gateway.end()).toBe(1);
    await at.start();
    release();
    expect(await at.fate(running)).toEqual(completedOnce(slowOutputs));
    expect(await at.fate(waiting)).toEqual(completedOnce(quickOutputs));
  });
});
