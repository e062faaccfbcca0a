import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./build-binary/bundle.ts";
import { benchHttp } from "./bench/http-bench.ts";
import { type Row, table } from "./bench/report.ts";
import { benchStore } from "./bench/store-bench.ts";
import { benchWatchers } from "./bench/watcher-bench.ts";

/**
 * `npm run bench` measures the queue with 10,000 jobs and one job with 500 watchers, within three minutes, and leaves nothing.
 * What it finds depends on the machine: the ratios say more than the numbers, and no test holds either.
 */
const { values } = parseArgs({ options: { jobs: { type: "string", default: "10000" }, watchers: { type: "string", default: "500" } } });
const root = fileURLToPath(new URL("..", import.meta.url));
const dir = await mkdtemp(join(tmpdir(), "comfyui-api-bench-"));
const rows: Row[] = [];

async function section(name: string, run: () => Promise<readonly Row[]>): Promise<void> {
  process.stderr.write(`${name} …\n`);
  rows.push(...(await run()));
}

try {
  const program = join(dir, "server.cjs");
  await bundle({ root, outfile: program });
  await section("jobs in the store", () => benchStore(dir, Number(values.jobs)));
  await section("jobs through the gateway", () => benchHttp(dir, program, Number(values.jobs)));
  await section("watchers of one job", () => benchWatchers(dir, program, Number(values.watchers)));
} finally {
  await rm(dir, { recursive: true, force: true });
}
process.stdout.write(`${availableParallelism()} cores, Node.js ${process.version}\n\n${table(rows)}`);
