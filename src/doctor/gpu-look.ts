import type { RunProgram } from "../executable/run-program.ts";
import { type ComfyuiDevice, type GpuReading, nvidiaSmiQuery, readDevices, readNvidiaSmi } from "../telemetry/metrics/gpu-reading.ts";
import type { Finding } from "./finding.ts";

/** What ComfyUI computes with: from nvidia-smi where there is one, else from ComfyUI. */
export async function lookAtGpu(devices: readonly ComfyuiDevice[], runProgram: RunProgram): Promise<readonly Finding[]> {
  const { code, stdout, stderr } = await runProgram("nvidia-smi", nvidiaSmiQuery);
  const cards = code === 0 ? readNvidiaSmi(stdout) : [];
  if (cards.length > 0) return cards.map(found);
  const told = readDevices(devices);
  const broken: readonly Finding[] =
    code === 0 || code === 127
      ? []
      : [{ area: "gpu", status: "warning", message: `nvidia-smi fails: ${(stderr.trim() || stdout.trim()).split("\n")[0] ?? ""}`, fix: "Driver and kernel may not fit since an update: reboot, or install the driver anew" }];
  if (told.length > 0) return [...broken, ...told.map(found)];
  if (devices.length > 0) return [...broken, { area: "gpu", status: "warning", message: "ComfyUI computes on the CPU: pictures take minutes", fix: "See whether ComfyUI's log names the GPU at start" }];
  return [...broken, { area: "gpu", status: "skipped", message: "There is no nvidia-smi, and no ComfyUI that tells of a GPU" }];
}

function found({ id, name, vramUsedBytes, vramTotalBytes, utilizationPercent }: GpuReading): Finding {
  const busy = utilizationPercent === null ? "" : `, ${utilizationPercent} % busy`;
  const gb = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  return { area: "gpu", status: "ok", message: `GPU ${id}: ${name}, ${gb(vramUsedBytes)} of ${gb(vramTotalBytes)} GiB used${busy}` };
}
