import { readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Executable } from "../../../test/smoke/executable.ts";

/** Linux counts CPU time in hundredths of a second for programs, whatever the kernel does. */
const ticksPerSecond = 100;

/** A program under load, in a process of its own. */
export interface Program {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface StandInRuns {
  readonly workers: number;
  readonly jobMs: number;
  readonly bytes: number;
}

export async function bundleStandIn(root: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ["scripts/bench/gateway/stand-in.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
}

async function started(child: Executable): Promise<Program> {
  const url = (await child.printed(/serves on (\S+)\n/))[1] ?? "";
  return {
    url,
    pid: child.pid,
    async stop() {
      await child.end("SIGKILL");
    },
  };
}

export function startStandIn(program: string, { workers, jobMs, bytes }: StandInRuns): Promise<Program> {
  return started(new Executable({ file: process.execPath, args: [program, String(workers), String(jobMs), String(bytes)], cwd: tmpdir() }));
}

/** The executable as it ships, with nothing in its environment. Resolves at its first answer, with the time until then. */
export async function startGateway(executable: string, dataDir: string, comfyuiUrl: string, prefetch: number): Promise<Program & { readonly readyMs: number }> {
  const began = performance.now();
  const args = ["serve", "--port=0", `--data-dir=${dataDir}`, `--comfyui-url=${comfyuiUrl}`, "--log-level=error", "--max-queued=100000", `--prefetch=${prefetch}`];
  const program = await started(new Executable({ file: executable, args, cwd: tmpdir() }));
  for (;;) {
    const response = await fetch(`${program.url}/ready`);
    await response.arrayBuffer();
    if (response.ok) return { ...program, readyMs: performance.now() - began };
  }
}

/** CPU time that a process has used, milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // After the name, which may hold anything, in brackets: fields 14 and 15 of proc(5).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Memory that a process holds, megabytes. */
export async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}

/** The most that it held while `work` went on, looked at fifty times a second. */
export async function peakMb(pid: number, work: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  const end = work.finally(() => over.abort());
  let peak = 0;
  while (!over.signal.aborted) {
    peak = Math.max(peak, await residentMb(pid));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await end;
  return peak;
}

export async function sizeMb(file: string): Promise<number> {
  return (await stat(file)).size / 2 ** 20;
}

export function programsIn(dir: string): { readonly standIn: string; readonly executable: string } {
  return { standIn: join(dir, "stand-in.cjs"), executable: join(dir, "comfyui-api") };
}
