import { readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { errorTable } from "../../src/errors/table.ts";
import { jobStatuses } from "../../src/job/job.ts";
import { runGraph, startDemoApp } from "./demo-app.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const failing = { graph: { "1": { class_type: "PreviewAny", inputs: { source: "x" } }, "2": { class_type: "NoSuchNode", inputs: {} } } };

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.text();
}

/** Names a scrape declares, with the series of histograms. */
function declared(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) => (type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name])),
  );
}

/** Metrics that PromQL expressions name: label names and functions are no metrics of ours. */
function named(expressions: readonly string[]): readonly string[] {
  return expressions.flatMap((text) => [...text.matchAll(/\b(?:comfyui|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name).filter((name) => name !== "comfyui_out_of_memory"));
}

describe("GET /metrics", () => {
  it("counts jobs by how they end, their run time by card and workflow, and requests by route", async (test) => {
    const app = await startDemoApp(test);
    expect((await runGraph(app)).status).toBe(200);
    const refused = await runGraph(app, failing);
    expect(refused.status).toBe(200);
    await fetch(`${app.url}/family/invented-${Math.random()}`);
    await fetch(`${app.url}/v1/jobs?limit=1`);
    const text = await scrape(app.url);
    expect(text).toContain('comfyui_workflow_total{status="completed"} 1');
    expect(text).toContain('comfyui_workflow_total{status="failed"} 1');
    expect(text).toContain('comfyui_workflow_total{status="cancelled"} 0');
    expect(text).toContain('comfyui_workflow_errors_total{error_type="comfyui_rejected"} 1');
    expect(text).toMatch(/comfyui_workflow_duration_seconds_count\{gpu_type="cpu",workflow="graph"\} 1/);
    expect(text).toContain("comfyui_workflow_attempts_total 2");
    expect(text).toMatch(/comfyui_http_request_duration_seconds_count\{method="GET",route="\/v1\/jobs",status="200"\} 1/);
    expect(text).toContain("comfyui_queue_length 0");
    expect(text).toContain("comfyui_up 1");
    expect(text).toMatch(/comfyui_storage_bytes [1-9]/);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  it("makes no series of what callers invent", async (test) => {
    const app = await startDemoApp(test);
    await fetch(`${app.url}/secret/path-of-a-caller`, { method: "PURGE", headers: { "x-request-id": "id-of-a-caller" } });
    const text = await scrape(app.url);
    expect(text).toMatch(/comfyui_http_request_duration_seconds_count\{method="other",route="none",status="4\d\d"\} 1/);
    expect(text).not.toContain("of-a-caller");
    expect(text).not.toContain("PURGE");
  });

  it("counts apart for each gateway in a process", async (test) => {
    const [one, other] = [await startDemoApp(test), await startDemoApp(test)];
    await runGraph(one);
    expect(await scrape(other.url)).toContain('comfyui_workflow_total{status="completed"} 0');
  });

  it("has every metric that the dashboard and the alerts name", async (test) => {
    const app = await startDemoApp(test);
    const known = declared(await scrape(app.url));
    const dashboard = z
      .object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })) })
      .parse(JSON.parse(await readFile("docs/dashboards/grafana.json", "utf8")));
    const alerts = z
      .object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ summary: z.string() }) })) })) })
      .parse(parse(await readFile("docs/dashboards/alerts.yml", "utf8")));
    const expressions = [
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...alerts.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ];
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) expect(named([expression]).length, expression).toBeGreaterThan(0);
    expect(named(expressions).filter((name) => !known.has(name))).toEqual([]);
    const valuesOf = (label: string): readonly string[] => expressions.flatMap((text) => [...text.matchAll(new RegExp(`\\b${label}="([^"]+)"`, "g"))].map(([, value = ""]) => value));
    expect(valuesOf("error_type").filter((code) => !(code in errorTable))).toEqual([]);
    expect(valuesOf("status").filter((status) => !jobStatuses.some((each) => each === status))).toEqual([]);
  });
});

describe("GET /v1/models", () => {
  const models = z.object({ types: z.array(z.string()), models: z.array(z.object({ type: z.string(), name: z.string(), size: z.number().nullable() })) });

  it("lists the host's models with their sizes, and those of one type", async (test) => {
    const app = await startDemoApp(test);
    await vi.waitFor(async () => expect((await fetch(`${app.url}/ready`)).status).toBe(200), soon);
    const all = models.parse(await (await fetch(`${app.url}/v1/models`)).json());
    expect(all.types).toEqual(expect.arrayContaining(["checkpoints", "loras", "vae"]));
    const vae = models.parse(await (await fetch(`${app.url}/v1/models?type=vae`)).json());
    expect(vae.models).toContainEqual(expect.objectContaining({ type: "vae", name: "ae.safetensors", size: expect.any(Number) }));
    expect(new Set(vae.models.map(({ type }) => type))).toEqual(new Set(["vae"]));
    expect((await fetch(`${app.url}/v1/models?kind=vae`)).status).toBe(400);
  });
});
