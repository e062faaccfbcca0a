import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildBinary } from "./build-binary/build-binary.ts";
import { bundle } from "./build-binary/bundle.ts";
import { benchGateway } from "./bench/gateway/gateway-bench.ts";
import { programsIn } from "./bench/gateway/processes.ts";
import { benchHttp } from "./bench/http-bench.ts";
import { type Row, table } from "./bench/report.ts";
import { benchStore } from "./bench/store-bench.ts";
import { benchWatchers } from "./bench/watcher-bench.ts";

/**
 * `npm run bench` measures the executable beside ComfyUI itself, the queue with 10,000 jobs and one job with 500 watchers, within
 * five minutes, and leaves nothing. `--only=gateway` or `--only=queue` measures a part, `--soak=100000` sends so many requests more.
 * What it finds depends on the machine: the ratios say more than the numbers, and no test holds either.
 */
const { values } = parseArgs({ options: { jobs: { type: "string", default: "10000" }, watchers: { type: "string", default: "500" }, only: { type: "string" }, seconds: { type: "string", default: "6" }, soak: { type: "string", default: "0" } } });
const root = fileURLToPath(new URL("..", import.meta.url));
const dir = await mkdtemp(join(tmpdir(), "comfyui-api-bench-"));
const rows: Row[] = [];

async function section(name: string, run: () => Promise<readonly Row[]>): Promise<void> {
  process.stderr.write(`${name} …\n`);
  rows.push(...(await run()));
}

try {
  if (values.only !== "queue") {
    process.stderr.write("building the executable …\n");
    await buildBinary({ root, outfile: programsIn(dir).executable });
    await section("the executable beside ComfyUI itself", () => benchGateway({ root, dir, forMs: Number(values.seconds) * 1000, soak: Number(values.soak) }));
  }
  if (values.only !== "gateway") await queue();
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** What lies in the queue, and who watches it. */
async function queue(): Promise<void> {
  const program = join(dir, "server.cjs");
  await bundle({ root, outfile: program });
  await section("jobs in the store", () => benchStore(dir, Number(values.jobs)));
  await section("jobs through the gateway", () => benchHttp(dir, program, Number(values.jobs)));
  await section("watchers of one job", () => benchWatchers(dir, program, Number(values.watchers)));
}
process.stdout.write(`${availableParallelism()} cores, Node.js ${process.version}\n\n${table(rows)}`);
