import { join } from "node:path";
import { type Row, rate } from "../report.ts";
import { bareCostMs } from "./bare-cost.ts";
import { directCaller, gatewayCaller } from "./callers.ts";
import { load, LoadResult, warm } from "./load.ts";
import { bundleStandIn, cpuMs, peakMb, programsIn, residentMb, sizeMb, startGateway, startStandIn } from "./processes.ts";

interface Scenario {
  readonly callers: number;
  readonly jobMs: number;
  readonly bytes: number;
  /** What issue 6 asks of the throughput, as a share of ComfyUI's own. */
  readonly wantedShare?: number;
  readonly wantedAddedMs?: number;
  readonly wantedCpuMs?: number;
}

const kb = 1000;
const scenarios: readonly Scenario[] = [
  { callers: 1, jobMs: 0, bytes: 12 * kb, wantedAddedMs: 3 },
  { callers: 16, jobMs: 0, bytes: 12 * kb },
  { callers: 64, jobMs: 0, bytes: 12 * kb },
  { callers: 1, jobMs: 250, bytes: 12 * kb },
  { callers: 16, jobMs: 250, bytes: 12 * kb },
  { callers: 64, jobMs: 250, bytes: 12 * kb, wantedShare: 0.95 },
  { callers: 1, jobMs: 0, bytes: 450 * kb, wantedCpuMs: 3 },
  { callers: 16, jobMs: 0, bytes: 450 * kb, wantedCpuMs: 3 },
  { callers: 64, jobMs: 250, bytes: 450 * kb, wantedShare: 0.8 },
  { callers: 1, jobMs: 0, bytes: 50_000 * kb },
  { callers: 4, jobMs: 0, bytes: 50_000 * kb },
];

/** The sides take turns: the machine is not as fast in one second as in the next. */
const turns = 3;

export interface GatewayBench {
  readonly root: string;
  readonly dir: string;
  /** Of each side of each comparison. */
  readonly forMs: number;
  /** Requests in a row that must all be answered; 0 leaves that out. */
  readonly soak: number;
}

function size(bytes: number): string {
  return bytes >= 1000 * kb ? `${bytes / 1e6} MB` : `${bytes / kb} KB`;
}

async function compare(bench: GatewayBench, scenario: Scenario): Promise<readonly Row[]> {
  const { standIn, executable } = programsIn(bench.dir);
  const { callers, jobMs, bytes } = scenario;
  const what = `${size(bytes)}, ${jobMs === 0 ? "instant" : `${jobMs} ms`}, ${callers} caller${callers === 1 ? "" : "s"}`;
  const comfyui = await startStandIn(standIn, { workers: callers, jobMs, bytes });
  const gateway = await startGateway(executable, join(bench.dir, `data-${what.replaceAll(/\W+/g, "-")}`), comfyui.url, callers);
  const [toComfyui, toGateway] = [await directCaller(comfyui.url), gatewayCaller(gateway.url)];
  try {
    await warm(toComfyui, callers);
    await warm(toGateway, callers);
    const [direct, through] = [new LoadResult(), new LoadResult()];
    let cpuUsed = 0;
    let bare = 0;
    for (let turn = 0; turn < turns; turn += 1) {
      await load(toComfyui, { callers, jobMs, bytes, forMs: bench.forMs / turns }, direct);
      const cpuBefore = await cpuMs(gateway.pid);
      await load(toGateway, { callers, jobMs, bytes, forMs: bench.forMs / turns }, through);
      cpuUsed += (await cpuMs(gateway.pid)) - cpuBefore;
      if (scenario.wantedCpuMs !== undefined) bare += bareCostMs({ dir: join(bench.dir, `bare-${callers}-${turn}`), bytes, pictures: 100 }) / turns;
    }
    const cpu = cpuUsed / through.pictures;
    const [mine, its] = [through.timings.at(0.5), direct.timings.at(0.5)];
    const { wantedShare, wantedAddedMs, wantedCpuMs } = scenario;
    return [
      {
        what: `${what}: pictures`,
        measured: rate(through.perSecond),
        beside: `${rate(direct.perSecond)} of ComfyUI`,
        ratio: through.perSecond / direct.perSecond,
        ...(wantedShare === undefined ? {} : { wanted: `>= ${wantedShare}` }),
      },
      {
        what: `${what}: median`,
        measured: `${mine.toFixed(1)} ms, ${(mine - its).toFixed(1)} added`,
        beside: `${its.toFixed(1)} ms of ComfyUI`,
        ratio: mine / its,
        ...(wantedAddedMs === undefined ? {} : { wanted: `<= ${wantedAddedMs} ms added` }),
      },
      {
        what: `${what}: CPU and memory`,
        measured: `${cpu.toFixed(2)} ms a request, ${(await residentMb(gateway.pid)).toFixed(0)} MB`,
        ...(wantedCpuMs === undefined ? {} : { beside: `${bare.toFixed(2)} ms to hash and keep it`, ratio: cpu / bare, wanted: `<= ${wantedCpuMs} ms` }),
      },
    ];
  } finally {
    toComfyui.close();
    toGateway.close();
    await gateway.stop();
    await comfyui.stop();
  }
}

async function benchStart({ dir }: GatewayBench): Promise<readonly Row[]> {
  const { standIn, executable } = programsIn(dir);
  const comfyui = await startStandIn(standIn, { workers: 1, jobMs: 0, bytes: 12 * kb });
  const ready: number[] = [];
  let idle = 0;
  for (let turn = 0; turn < 7; turn += 1) {
    const gateway = await startGateway(executable, join(dir, `start-${turn % 2}`), comfyui.url, 1);
    ready.push(gateway.readyMs);
    // Long enough for what is put off until after the start.
    if (turn === 6) await new Promise((resolve) => setTimeout(resolve, 5_000));
    idle = await residentMb(gateway.pid);
    await gateway.stop();
  }
  await comfyui.stop();
  const median = ready.toSorted((a, b) => a - b)[3] ?? Number.NaN;
  return [
    { what: "start of the process until GET /ready is 200 (median of 7)", measured: `${median.toFixed(0)} ms`, wanted: "<= 350 ms" },
    { what: "memory, idle", measured: `${idle.toFixed(0)} MB`, wanted: "<= 110 MB" },
    { what: "size of the executable", measured: `${(await sizeMb(executable)).toFixed(1)} MB` },
  ];
}

async function benchLargeOutput({ dir }: GatewayBench): Promise<readonly Row[]> {
  const { standIn, executable } = programsIn(dir);
  const bytes = 1_000_000 * kb;
  const comfyui = await startStandIn(standIn, { workers: 1, jobMs: 0, bytes });
  const gateway = await startGateway(executable, join(dir, "large"), comfyui.url, 1);
  const caller = gatewayCaller(gateway.url);
  try {
    const before = await residentMb(gateway.pid);
    const peak = await peakMb(gateway.pid, caller.picture(1));
    return [{ what: "1 GB output: memory at most, above idle", measured: `${(peak - before).toFixed(0)} MB`, beside: `${before.toFixed(0)} MB idle`, wanted: "< 30 MB" }];
  } finally {
    caller.close();
    await gateway.stop();
    await comfyui.stop();
  }
}

async function benchSoak({ dir, soak }: GatewayBench): Promise<readonly Row[]> {
  if (soak === 0) return [];
  const { standIn, executable } = programsIn(dir);
  const comfyui = await startStandIn(standIn, { workers: 64, jobMs: 0, bytes: kb });
  const gateway = await startGateway(executable, join(dir, "soak"), comfyui.url, 64);
  const caller = gatewayCaller(gateway.url);
  let answered = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < soak) {
      next += 1;
      await caller.picture(next);
      answered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: 64 }, lane));
    return [{ what: `${soak} requests, 64 callers: answered`, measured: String(answered), beside: `${(await residentMb(gateway.pid)).toFixed(0)} MB at the end`, wanted: "all" }];
  } finally {
    caller.close();
    await gateway.stop();
    await comfyui.stop();
  }
}

/** The executable beside ComfyUI itself, in one run: what it adds and what it costs. The load, the stand-in and the gateway share the machine. */
export async function benchGateway(bench: GatewayBench): Promise<readonly Row[]> {
  await bundleStandIn(bench.root, programsIn(bench.dir).standIn);
  const rows: Row[] = [...(await benchStart(bench)), ...(await benchLargeOutput(bench))];
  for (const scenario of scenarios) {
    process.stderr.write(`  ${size(scenario.bytes)}, ${scenario.jobMs} ms, ${scenario.callers} callers …\n`);
    rows.push(...(await compare(bench, scenario)));
  }
  rows.push(...(await benchSoak(bench)));
  return rows;
}
