import { tmpdir } from "node:os";
import { Executable } from "../../test/smoke/executable.ts";

export interface GatewayParams {
  /** The bundled program. */
  readonly program: string;
  readonly dataDir: string;
  readonly comfyuiUrl: string;
  readonly args?: readonly string[];
}

export interface Gateway {
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly readyMs: number;
  kill(): Promise<void>;
}

/** Starts the program as it ships, in a process of its own. */
export async function startGateway({ program, dataDir, comfyuiUrl, args = [] }: GatewayParams): Promise<Gateway> {
  const began = performance.now();
  const child = new Executable({
    file: process.execPath,
    args: [program, "serve", "--port=0", `--data-dir=${dataDir}`, `--comfyui-url=${comfyuiUrl}`, "--log-level=error", "--max-queued=100000", ...args],
    cwd: tmpdir(),
  });
  const url = (await child.printed(/serves on (\S+)\n/))[1] ?? "";
  const response = await fetch(`${url}/v1/jobs?limit=1`);
  if (!response.ok) throw new Error(`the gateway answered ${response.status}:\n${child.output}`);
  await response.arrayBuffer();
  const readyMs = performance.now() - began;
  return {
    url,
    readyMs,
    async kill() {
      await child.end("SIGKILL");
    },
  };
}
