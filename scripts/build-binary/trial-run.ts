import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { startDemoComfyui } from "../../src/demo/demo-comfyui.ts";
import { Executable } from "../../test/smoke/executable.ts";

/** What takes longer than this to begin and to end never will. */
const longestMs = 60_000;
/** For what follows a step of the start: nothing in it takes a tenth as long. */
const settleMs = 500;
/** From the moment when it has found ComfyUI: by then it has looked for jobs again, and no probe has been repeated. */
const quietMs = 2_500;
const lookEveryMs = 50;

/** In memory where there is such a folder: on a slow disk, files are written in another way. */
const memory = "/dev/shm";

interface TrialRun {
  readonly node: string;
  /** Of Node.js, up to the program's own. */
  readonly args: readonly string[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Runs a gateway beside a ComfyUI of ours as a service manager does: until it is ready and has nothing more to do, asks it
 * whether it is, and ends it. Nothing of this machine is found by it, and what could happen in one order or the other happens
 * in one: ComfyUI answers when the gateway has done all that it does without.
 */
export async function trialRun({ node, args }: TrialRun): Promise<void> {
  const dir = await mkdtemp(join(existsSync(memory) ? memory : "/tmp", "comfyui-api-"));
  const comfyui = await startDemoComfyui();
  const release = comfyui.faults.holdAnswers("/system_stats");
  const serve = ["serve", "--port=0", `--data-dir=${join(dir, "data")}`, `--comfyui-url=${comfyui.url}`];
  const child = new Executable({ file: node, args: [...args, ...serve], cwd: dir });
  const limit = setTimeout(() => child.send("SIGKILL"), longestMs);
  try {
    const [, url = ""] = await child.printed(/serves on (\S+)\n/);
    await pause(settleMs);
    release();
    while (comfyui.socketCount() === 0 && !child.hasEnded) await pause(lookEveryMs);
    await pause(quietMs);
    if (!(await fetch(`${url}/ready`)).ok) throw new Error("it is not ready");
    const end = await child.end("SIGTERM");
    if (end !== 0) throw new Error(`it has ended with ${end}`);
  } catch (cause) {
    throw new Error(`The program could not be run to be compiled:\n${child.output}`, { cause });
  } finally {
    clearTimeout(limit);
    await child.end("SIGKILL");
    await comfyui.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
