import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { openApiText } from "../../src/http/openapi/document.ts";
import { coreCatalog } from "../../src/graph/core-catalog.ts";
import type { DiscoveredWorkflows } from "../../src/workflow/discover.ts";
import { WorkflowDiscovery } from "../../src/workflow/discovery.ts";
import { type Row, table } from "./report.ts";
import { workflowFiles } from "./workflow-files.ts";

/**
 * `npm run bench:workflows` loads 500 workflow files of all four kinds, and makes the OpenAPI document of them. What it
 * finds depends on the machine, and no test holds it.
 */
const { values } = parseArgs({ options: { files: { type: "string", default: "500" } } });
const count = Number(values.files);
const dir = await mkdtemp(join(tmpdir(), "comfyui-api-bench-"));

interface Timed<T> {
  readonly ms: number;
  /** Of this thread: on a machine that is busy with other things this is what to look at. */
  readonly cpuMs: number;
  readonly result: T;
}

async function timed<T>(work: () => Promise<T> | T): Promise<Timed<T>> {
  const [start, cpu] = [performance.now(), process.threadCpuUsage()];
  const result = await work();
  const { user, system } = process.threadCpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000, result };
}

function row(what: string, { ms, cpuMs }: Timed<unknown>, wanted?: string): Row {
  return { what, measured: `${ms.toFixed(0)} ms`, beside: `${cpuMs.toFixed(0)} ms of CPU`, ...(wanted === undefined ? {} : { wanted }) };
}

try {
  for (const { file, text } of workflowFiles(count)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  const catalog = await timed(coreCatalog);
  const discovery = new WorkflowDiscovery({ builtins: [], dir });
  const first = await timed(() => discovery.discover(catalog.result));
  const again = await timed(() => discovery.discover(catalog.result));
  await writeFile(join(dir, "family_0/one_more.template.json"), JSON.stringify({ "1": { class_type: "SaveLatent", inputs: { filename_prefix: "{input.name}" } } }));
  const changed = await timed(() => discovery.discover(catalog.result));
  const { workflows, broken }: DiscoveredWorkflows = first.result;
  if (workflows.length !== count || broken.length > 0) throw new Error(`only ${workflows.length} of ${count} files load: ${broken[0]?.message ?? ""}`);
  const document = await timed(() => openApiText({ version: "0", workflows }));
  const rows = [
    row("the built-in catalog", catalog),
    row(`${count} workflow files, read first`, first, "< 1500 ms"),
    row("the same, none changed", again),
    row("the same, one new", changed, "< 2000 ms"),
    row(`/openapi.json of ${count}, ${(document.result.length / 2 ** 20).toFixed(1)} MiB`, document, "< 1000 ms"),
  ];
  process.stdout.write(`${availableParallelism()} cores, Node.js ${process.version}\n\n${table(rows)}`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
