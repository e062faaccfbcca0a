import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext, vi } from "vitest";
import { bundledProgram } from "./bundle.ts";
import { patience } from "./client.ts";
import { fullGraph, fullOutputs, picture, slowGraph, slowOutputs } from "./graphs.ts";
import { completedOnce, Host } from "./host.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const program = bundledProgram();
const timeout = 60_000;

/** A gateway whose data folder is a disk of its own; the test is skipped where none can be mounted. */
async function smallHost(context: TestContext): Promise<{ readonly at: Host; readonly disk: SmallDisk }> {
  const disk = await mountSmallDisk(context, 8);
  if (disk === null) return context.skip("mounting a file system is not permitted here");
  const at = await Host.open(context, { command: program.command(), dataDir: disk.path });
  await at.start();
  await at.client.untilReady();
  return { at, disk };
}

/** All files, but for the empty one that is ready for the next. */
async function filesIn(dataDir: string): Promise<readonly string[]> {
  const dir = join(dataDir, "files");
  const names = await readdir(dir, { recursive: true });
  const drafts = names.filter((name) => name.startsWith("tmp/"));
  const [only] = drafts;
  const spare = drafts.length === 1 && only !== undefined && (await stat(join(dir, only))).size === 0 ? only : null;
  return names.filter((name) => name !== spare).toSorted();
}

/** Files that were begun and not finished. */
async function draftsIn(dataDir: string): Promise<readonly string[]> {
  return (await filesIn(dataDir)).filter((name) => !/(^|\/)([0-9a-f]{2}|[0-9a-f]{64}|[0-9a-f]{64}\.json|tmp)$/.test(name));
}

describe("a full disk", { timeout }, () => {
  it("refuses a new job with the reason, which /ready tells too, and takes jobs again once there is space", async (context) => {
    const { at, disk } = await smallHost(context);
    await disk.fill();
    expect(await at.client.refused({ graph: slowGraph() })).toMatchObject({ status: 507, code: "storage_failed" });
    expect((await at.client.ready()).status).toBe(503);
    expect(at.demo.accepted()).toEqual([]);
    await disk.free();
    await at.client.untilReady();
    const { id } = await at.client.submit({ graph: slowGraph() });
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect(await at.client.jobIds()).toEqual([id]);
  });

  it("refuses a file and keeps nothing of it", async (context) => {
    const { at, disk } = await smallHost(context);
    const before = await filesIn(at.dataDir);
    expect(await at.client.refusedUpload(new Uint8Array(9_000_000))).toMatchObject({ status: 507, code: "storage_failed" });
    expect(await filesIn(at.dataDir)).toEqual(before);
    await disk.free();
    await at.client.untilReady();
    expect((await at.client.upload(picture())).reference).toMatch(/^file:/);
  });

  it("keeps a running job waiting for its outputs, which are whole once there is space", async (context) => {
    const { at, disk } = await smallHost(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: fullGraph((await at.client.upload(picture())).reference) });
    await at.client.running(id);
    await disk.fill();
    release();
    await vi.waitFor(() => expect(at.gateway.output).toMatch(/could not (copy an output|store a job's change)/), patience);
    expect((await at.client.job(id)).status).toBe("running");
    await disk.free();
    expect(await at.fate(id)).toEqual(completedOnce(fullOutputs));
    expect(await draftsIn(at.dataDir)).toEqual([]);
  });

  it("met by a gateway that is killed there loses nothing", async (context) => {
    const { at, disk } = await smallHost(context);
    const release = at.demo.faults.holdNode("Slow", 3);
    const { id } = await at.client.submit({ graph: slowGraph() });
    await at.client.running(id);
    await disk.fill();
    release();
    await vi.waitFor(() => expect(at.gateway.output).toMatch(/could not (copy an output|store a job's change)/), patience);
    await at.kill();
    await disk.free();
    await at.start();
    expect(await at.fate(id)).toEqual(completedOnce(slowOutputs));
    expect(await draftsIn(at.dataDir)).toEqual([]);
  });
});
