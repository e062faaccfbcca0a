/** One card, at one moment. */
export interface GpuReading {
  /** Its number, as nvidia-smi and CUDA count. */
  readonly id: string;
  readonly name: string;
  /** Share of time it computes, 0 to 100; null when nobody tells. */
  readonly utilizationPercent: number | null;
  readonly vramUsedBytes: number;
  readonly vramTotalBytes: number;
}

/** What `nvidia-smi` is asked for, in this order. */
export const nvidiaSmiQuery = ["--query-gpu=index,name,utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits"] as const;

/** More cards than any host has; more lines are not an answer. */
const maxCards = 64;
const mib = 2 ** 20;

/** A number, or null for `[N/A]` and its like. */
function numberIn(cell: string | undefined): number | null {
  const read = Number(cell?.trim() || "none");
  return Number.isFinite(read) ? read : null;
}

/** The cards in an answer to {@link nvidiaSmiQuery}. A line that cannot be read is left out. */
export function readNvidiaSmi(text: string): readonly GpuReading[] {
  return text
    .split("\n")
    .slice(0, maxCards)
    .flatMap((line) => {
      const [id = "", name = "", utilization, used, total] = line.split(",");
      const [usedMib, totalMib] = [numberIn(used), numberIn(total)];
      if (!/^\s*\d{1,3}\s*$/.test(id) || usedMib === null || totalMib === null) return [];
      return [{ id: id.trim(), name: name.trim(), utilizationPercent: numberIn(utilization), vramUsedBytes: usedMib * mib, vramTotalBytes: totalMib * mib }];
    });
}

/** A device as ComfyUI tells of it (comfyui-protocol.md §1.6). Bytes. */
export interface ComfyuiDevice {
  readonly name: string;
  readonly type: string;
  readonly vramTotal: number;
  readonly vramFree: number;
}

/** ComfyUI's own figures. What it calls the video memory of a `cpu` is the host's memory: no card. */
export function readDevices(devices: readonly ComfyuiDevice[]): readonly GpuReading[] {
  return devices
    .filter(({ type }) => type !== "cpu")
    .map(({ name, vramTotal, vramFree }, index) => ({
      id: String(index),
      name: cardName(name),
      utilizationPercent: null,
      vramUsedBytes: Math.max(0, vramTotal - vramFree),
      vramTotalBytes: vramTotal,
    }));
}

/** `cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync` → `NVIDIA GeForce RTX 4090`. */
export function cardName(name: string): string {
  return name.replace(/^(cuda|xpu|mps|hip):?\d*\s+/, "").replace(/ : \w+$/, "").slice(0, 100);
}
