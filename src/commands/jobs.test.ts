import { describe, expect, it, vi } from "vitest";
import { parseJson } from "../json/exact.ts";
import { answer, beginEvents, eventText, exampleId, jobView, runCommand, standInGateway } from "./jobs/stand-in-gateway.test-kit.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const esc = "\u001B";

describe("jobs", () => {
  it.each([
    [["jobs"], "Say what to do: comfyui-api jobs list|show|watch|cancel.\n"],
    [["jobs", "wacth", "x"], "There is no command `jobs wacth`. Did you mean `jobs watch`?\n"],
    [["jobs", "show"], "name a job by its id; `comfyui-api jobs list` shows them\n"],
    [["jobs", "show", "a", "b"], "name one job only\n"],
    [["jobs", "list", "a"], "a: unexpected argument\n"],
    [["jobs", "list", "--staus", "queued"], "--staus: unknown flag; did you mean --status?\n"],
    [["jobs", "list", "--url", "localhost:3000"], "--url: not allowed"],
  ])("%j is refused with 2 and the reason", async (argv, reason) => {
    const run = runCommand(argv);
    expect(await run.code).toBe(2);
    expect(run.complained()).toContain(reason);
  });

  it("--help explains, and asks no gateway", async () => {
    const run = runCommand(["jobs", "--help"]);
    expect(await run.code).toBe(0);
    expect(run.printed()).toContain("comfyui-api jobs watch ID");
  });

  it("finds the gateway by flag before environment", async () => {
    const [one, other] = [await standInGateway((_, response) => answer(response, 200, { jobs: [], next_cursor: null })), "http://127.0.0.1:9"];
    expect(await runCommand(["jobs", "list"], { env: { COMFYUI_API_URL: one.url } }).code).toBe(0);
    expect(await runCommand(["jobs", "list", `--url=${one.url}/`], { env: { COMFYUI_API_URL: other } }).code).toBe(0);
    expect(one.requests).toEqual(["GET /v1/jobs?limit=20", "GET /v1/jobs?limit=20"]);
  });

  it("sends the key of flag before environment with every request, and none without", async () => {
    const gateway = await standInGateway(({ method, url = "" }, response) => {
      if (url.endsWith("/events")) {
        beginEvents(response);
        response.end(eventText(1, "completed"));
      } else answer(response, 200, url.startsWith("/v1/jobs?") ? { jobs: [], next_cursor: null } : jobView({ status: method === "DELETE" ? "cancelled" : "queued" }));
    });
    const env = { COMFYUI_API_URL: gateway.url, COMFYUI_API_KEY: "cak_of-env" };
    const codes: number[] = [];
    for (const argv of [["list"], ["show", exampleId], ["cancel", exampleId], ["watch", exampleId]]) codes.push(await runCommand(["jobs", ...argv], { env }).code);
    codes.push(await runCommand(["jobs", "list", "--api-key=cak_of-flag"], { env }).code);
    codes.push(await runCommand(["jobs", "list", "--url", gateway.url]).code);
    codes.push(await runCommand(["health"], { env }).code);
    expect(codes).toEqual([0, 0, 0, 0, 0, 0, 0]);
    // Watching asks twice: for the job, and for its events.
    expect(gateway.keys).toEqual([...Array.from({ length: 5 }, () => "cak_of-env"), "cak_of-flag", undefined, "cak_of-env"]);
  });

  it.each([
    [401, { code: "unauthorized", detail: "This API key is not known here." }, "This API key is not known here. COMFYUI_API_KEY or --api-key gives the key; `comfyui-api keys`"],
    [403, { code: "not_permitted", detail: "It lacks the scope run." }, "It lacks the scope run. COMFYUI_API_KEY or --api-key gives another; `comfyui-api keys create"],
    [403, { code: "host_not_allowed", detail: "Use localhost." }, "Use localhost.\n"],
    [403, {}, "answered with status 403. Does something else stand between"],
    [429, { code: "rate_limited", detail: "Slow down." }, "Slow down.\n"],
  ])("says what to do about a %i, and never the key", async (status, problem, words) => {
    const { url } = await standInGateway((_, response) => answer(response, status, problem));
    for (const argv of [["list"], ["cancel", exampleId], ["watch", exampleId]]) {
      const run = runCommand(["jobs", ...argv, "--url", url, "--api-key", "cak_secret-secret"]);
      expect(await run.code).toBe(1);
      expect(run.complained()).toContain(words);
      expect(run.complained() + run.printed()).not.toContain("secret");
    }
  });

  it.each([["--api-key", "cak_sec\nret", {}], ["--api-key", "cak_seéret", {}], ["COMFYUI_API_KEY", undefined, { COMFYUI_API_KEY: "cak_sec ret" }]])("refuses by %s what is no key, without repeating it", async (where, key, env) => {
    const run = runCommand(["jobs", "list", ...(key === undefined ? [] : [`--api-key=${key}`])], { env });
    expect(await run.code).toBe(2);
    expect(run.complained()).toContain(`${where}: this is no API key`);
    expect(run.complained()).not.toContain("cak_");
  });

  it("does not carry the key to where a gateway sends it on", async () => {
    const elsewhere = await standInGateway((_, response) => answer(response, 200, { jobs: [], next_cursor: null }));
    const { url } = await standInGateway((_, response) => response.writeHead(302, { location: `${elsewhere.url}/v1/jobs` }).end());
    expect(await runCommand(["jobs", "list", "--url", url, "--api-key", "cak_secret-secret"]).code).toBe(1);
    expect(elsewhere.requests).toEqual([]);
  });

  it("says that no gateway answers, with 1", async () => {
    const run = runCommand(["jobs", "list", "--url", "http://127.0.0.1:9"]);
    expect(await run.code).toBe(1);
    expect(run.complained()).toBe("No gateway answers at http://127.0.0.1:9. Is it running? --url or COMFYUI_API_URL names another.\n");
  });

  it("says that something else answers there", async () => {
    const { url } = await standInGateway((_, response) => response.end("<html>"));
    const run = runCommand(["jobs", "list", "--url", url]);
    expect(await run.code).toBe(1);
    expect(run.complained()).toContain("does not speak as a comfyui-api");
  });

  it("ends with 130 when the user breaks it off", async () => {
    const { url, requests } = await standInGateway(() => {});
    const run = runCommand(["jobs", "show", exampleId, "--url", url]);
    await vi.waitFor(() => expect(requests).toHaveLength(1), soon);
    run.stop.abort();
    expect(await run.code).toBe(130);
  });
});

describe("jobs list", () => {
  const page = {
    jobs: [
      jobView(),
      jobView({
        id: "b", workflow: null, status: "running", queue_position: null,
        progress: { percent: 53.3, current_node: { title: `K${esc}[31m\u202EPM`, step: 9, steps: 20 } },
      }),
      jobView({ id: "c", status: "completed", outputs: [{ filename: "a.png", content_type: "image/png", size: 1, url: "/x" }], metrics: { execution_seconds: 4.21 } }),
      jobView({ id: "d", status: "failed", error: { code: "comfyui_lost", detail: "" } }),
    ],
    next_cursor: "more",
  };

  it("shows a table, with nothing in it that could steer the terminal", async () => {
    const { url, requests } = await standInGateway((_, response) => answer(response, 200, page));
    const run = runCommand(["jobs", "list", "--url", url, "--status", "queued", "--workflow=a/b c", "--limit", "4"]);
    expect(await run.code).toBe(0);
    expect(requests).toEqual(["GET /v1/jobs?limit=4&status=queued&workflow=a%2Fb+c"]);
    expect(run.printed().split("\n")).toEqual([
      "ID                                    WORKFLOW                STATUS     AGE  PROGRESS",
      `${exampleId}  qwen/qwen_base_txt2img  queued     1h   behind 2 jobs`,
      "b                                     (raw graph)             running    1h   53.3 %  K [31m PM 9/20",
      "c                                     qwen/qwen_base_txt2img  completed  1h   1 output in 4.2 s",
      "d                                     qwen/qwen_base_txt2img  failed     1h   comfyui_lost",
      "There are older ones: --limit shows up to 200.",
      "",
    ]);
  });

  it("says when there are none", async () => {
    const { url } = await standInGateway((_, response) => answer(response, 200, { jobs: [], next_cursor: null }));
    const run = runCommand(["jobs", "list", "--url", url]);
    await run.code;
    expect(run.printed()).toBe("No jobs.\n");
  });

  it("prints JSON with every field and digit", async () => {
    const { url } = await standInGateway((_, response) => answer(response, 200, page));
    const run = runCommand(["jobs", "list", "--json", "--url", url]);
    await run.code;
    expect(parseJson(run.printed())).toEqual(page);
  });

  it("repeats the gateway's own refusal", async () => {
    const { url } = await standInGateway((_, response) => answer(response, 400, { code: "invalid_query", detail: "limit must be a whole number from 1 to 200." }));
    const run = runCommand(["jobs", "list", "--limit", "many", "--url", url]);
    expect(await run.code).toBe(1);
    expect(run.complained()).toBe("limit must be a whole number from 1 to 200.\n");
  });
});

describe("jobs show", () => {
  it("shows one job, readable", async () => {
    const job = jobView({
      status: "failed", attempt: 2, queue_position: null, started_at: "2026-01-01T00:00:01.000Z", completed_at: "2026-01-01T00:00:09.000Z",
      outputs: [{ filename: "a.png", content_type: "image/png", size: 1_234_567, url: `/v1/jobs/${exampleId}/outputs/0` }],
      warnings: [{ code: "w", message: "look\nout" }],
      error: { code: "comfyui_lost", detail: "ComfyUI lost the job." },
    });
    const { url, requests } = await standInGateway((_, response) => answer(response, 200, job));
    const run = runCommand(["jobs", "show", exampleId, "--url", url]);
    expect(await run.code).toBe(0);
    expect(requests).toEqual([`GET /v1/jobs/${exampleId}`]);
    expect(run.printed()).toBe(`Job:       ${exampleId}
Workflow:  qwen/qwen_base_txt2img
Status:    failed (comfyui_lost)
Priority:  normal
Attempts:  2
Created:   2026-01-01T00:00:00.000Z
Started:   2026-01-01T00:00:01.000Z
Ended:     2026-01-01T00:00:09.000Z
Input prompt: "test"
Input seed: 18446744073709551615
Output:    ${url}/v1/jobs/${exampleId}/outputs/0  image/png, 1.2 MB
Warning:   w: look out
Error:     comfyui_lost: ComfyUI lost the job.
`);
  });

  it("cannot be led to another path by an id", async () => {
    const { url, requests } = await standInGateway((_, response) => answer(response, 404, { detail: "There is no job with this id." }));
    const run = runCommand(["jobs", "show", "../outputs?x", "--url", url]);
    expect(await run.code).toBe(1);
    expect(requests).toEqual(["GET /v1/jobs/..%2Foutputs%3Fx"]);
    expect(run.complained()).toBe("There is no job with this id.\n");
  });
});

describe("jobs cancel", () => {
  it("ends with 0 when the job is cancelled", async () => {
    const { url, requests } = await standInGateway((_, response) => answer(response, 200, jobView({ status: "cancelled" })));
    const run = runCommand(["jobs", "cancel", exampleId, "--url", url]);
    expect(await run.code).toBe(0);
    expect(requests).toEqual([`DELETE /v1/jobs/${exampleId}`]);
    expect(run.printed()).toBe("The job is cancelled.\n");
  });

  it("ends with 1 and the reason when it was finished, or finishes first", async () => {
    const finished = await standInGateway((_, response) => answer(response, 409, { code: "job_finished", detail: "The job is completed already." }));
    const run = runCommand(["jobs", "cancel", exampleId, "--url", finished.url]);
    expect([await run.code, run.complained()]).toEqual([1, "The job is completed already.\n"]);
    const finishing = await standInGateway((_, response) => answer(response, 200, jobView({ status: "completed" })));
    const late = runCommand(["jobs", "cancel", exampleId, "--url", finishing.url]);
    expect([await late.code, late.complained()]).toEqual([1, "The job was completed before it could be cancelled.\n"]);
  });

  it("waits for a job that ComfyUI is still stopping, but not for ever", async () => {
    let left = 2;
    const { url, requests } = await standInGateway((request, response) => {
      if (request.method === "DELETE") answer(response, 202, jobView({ status: "running" }));
      else answer(response, 200, jobView({ status: (left -= 1) > 0 ? "running" : "cancelled" }));
    });
    const run = runCommand(["jobs", "cancel", exampleId, "--url", url]);
    for (const seen of [1, 2]) {
      await vi.waitFor(() => expect(run.clock.pendingTimers).toBe(1), soon);
      expect(requests).toHaveLength(seen);
      run.clock.advance(1000);
    }
    expect(await run.code).toBe(0);

    left = Number.MAX_SAFE_INTEGER;
    const stuck = runCommand(["jobs", "cancel", exampleId, "--url", url]);
    await vi.waitFor(() => expect(stuck.clock.pendingTimers).toBe(1), soon);
    stuck.clock.advance(60_000);
    expect(await stuck.code).toBe(1);
    expect(stuck.complained()).toContain("still running");
  });
});
