import { execFile } from "node:child_process";

export interface ProgramEnd {
  /** As shells tell it: 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the host, found on PATH, to its end. Never rejects. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<ProgramEnd>;

/** Starting a service with much to recover takes the longest; a program that takes longer than this hangs. */
const timeoutMs = 180_000;

export const runProgram: RunProgram = (program, args) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: timeoutMs, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (error.code === "ENOENT") resolve({ code: 127, stdout, stderr: `There is no program ${program}.` });
      else resolve({ code: typeof error.code === "number" ? error.code : 1, stdout, stderr: stderr === "" ? error.message : stderr });
    });
  });
