import type { ServerResponse } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { answer, beginEvents, eventText, exampleId, jobView, runCommand, standInGateway, type StandInGateway } from "./stand-in-gateway.test-kit.ts";

/** On a machine that runs everything else at the same time. */
const soon = { timeout: 10_000 };

const currentNode = { id: "3", class_type: "KSampler", title: "KSampler", step: 9, steps: 20 };
const running = [
  eventText(1, "queued", { position: 2 }),
  eventText(2, "position", { position: 0 }),
  eventText(3, "started", { attempt: 1 }),
  eventText(4, "progress", { percent: 45, current_node: currentNode }),
  eventText(5, "progress", { percent: 47, current_node: currentNode }),
];
const completed = [eventText(6, "output", { index: 0 }), eventText(7, "completed")];

/** A gateway with one job whose events each connection gets as `serve` says. */
function gatewayOf(serve: (response: ServerResponse, connection: number) => void): Promise<StandInGateway> {
  let connections = 0;
  return standInGateway((request, response) => {
    if (request.url?.endsWith("/events") !== true) {
      answer(response, 200, jobView());
      return;
    }
    connections += 1;
    serve(response, connections);
  });
}

function all(...events: readonly string[]): (response: ServerResponse) => void {
  return (response) => {
    beginEvents(response);
    response.end(events.join(""));
  };
}

function watch(url: string, ...more: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand(["jobs", "watch", exampleId, "--url", url, ...more]);
}

describe("jobs watch", () => {
  it("prints a line for each change worth one, and ends with 0 when the job completes", async () => {
    const { url } = await gatewayOf(all(...running, eventText(5.5, "warning", { code: "w", message: "look out" }), ...completed));
    const run = watch(url);
    expect(await run.code).toBe(0);
    expect(run.printed().split("\n")).toEqual([
      `${exampleId}: queued behind 2 jobs`,
      `${exampleId}: queued is next`,
      `${exampleId}: running`,
      `${exampleId}: running 40 %`,
      `${exampleId}: warning: w: look out`,
      `${exampleId}: completed 1 output`,
      "",
    ]);
    expect(run.clock.pendingTimers).toBe(0);
  });

  it.each([
    ["failed", { error: { code: "comfyui_lost", detail: "ComfyUI lost\u001B[2J the job.", errors: [] } }, "failed comfyui_lost: ComfyUI lost [2J the job."],
    ["cancelled", { reason: null }, "cancelled"],
  ])("ends with 1 when the job is %s", async (type, data, words) => {
    const { url } = await gatewayOf(all(...running, eventText(6, type, data)));
    const run = watch(url);
    expect(await run.code).toBe(1);
    expect(run.printed()).toContain(`${exampleId}: ${words}\n`);
  });

  it("prints each event as a line of JSON, and no preview", async () => {
    const { url } = await gatewayOf(all(...running, 'event: preview\ndata: {"data":"aGk="}\n\n', ": heartbeat\n\n", ...completed));
    const run = watch(url, "--json");
    expect(await run.code).toBe(0);
    const events = run.printed().trimEnd().split("\n").map((line): unknown => JSON.parse(line));
    expect(events).toHaveLength(7);
    expect(events[3]).toEqual({ job_id: exampleId, id: 4, at: "2026-01-01T00:00:00.000Z", type: "progress", percent: 45, current_node: currentNode });
  });

  it("draws one line a job in its place on a terminal, never wider than that", async () => {
    const { url } = await gatewayOf(all(...running, ...completed));
    const run = runCommand(["jobs", "watch", exampleId, "--url", url], { env: {}, terminal: () => ({ columns: 79, rows: 24 }) });
    expect(await run.code).toBe(0);
    const frames = run.printed().split(/\u001B\[1A/);
    expect(frames).toHaveLength(7);
    expect(frames[4]).toBe("\r\u001B[2K0f8fad5b  qwen/qwen_base_txt2img    [#######--------]  47 %  KSampler 9/20\n");
    expect(frames[6]).toContain("[###############] 100 %  completed 1 outp…\n");
    for (const frame of frames) expect(frame.replace("\r\u001B[2K", "").trimEnd().length).toBeLessThanOrEqual(78);
  });

  it("keeps what went wrong above the bars", async () => {
    const { url } = await gatewayOf(all(...running, eventText(6, "failed", { error: { code: "comfyui_lost", detail: "It is gone." } })));
    const run = runCommand(["jobs", "watch", exampleId, "--url", url], { terminal: () => ({ columns: 60, rows: 24 }) });
    expect(await run.code).toBe(1);
    expect(run.printed()).toContain(`\u001B[1A\r\u001B[J${exampleId}: failed comfyui_lost: It is gone.\n`);
  });

  it("goes on where it was when the connection breaks, each event once", async () => {
    const { url, requests } = await gatewayOf((response, connection) => {
      beginEvents(response);
      if (connection === 1) response.write(running.slice(0, 3).join(""), () => response.destroy());
      else response.end([...running.slice(2), ...completed].join(""));
    });
    const run = watch(url, "--json");
    await vi.waitFor(() => expect(run.complained()).toContain("connecting again"), soon);
    run.clock.advance(500);
    expect(await run.code).toBe(0);
    expect(requests.slice(1)).toEqual([`GET /v1/jobs/${exampleId}/events`, `GET /v1/jobs/${exampleId}/events <3>`]);
    expect(run.printed().trimEnd().split("\n").map((line): unknown => JSON.parse(line))).toMatchObject([1, 2, 3, 4, 5, 6, 7].map((id) => ({ id })));
  });

  it("waits longer each time while the gateway is away, and comes back to it", async () => {
    const { url, requests } = await gatewayOf((response, connection) => {
      if (connection === 1) all(...running)(response);
      else if (connection < 4) answer(response, 503, { detail: "The gateway is shutting down." });
      else all(...completed)(response);
    });
    const run = watch(url);
    for (const [waitMs, seen] of [[500, 2], [1000, 3], [2000, 4]] as const) {
      // The connection has ended and said so: the one timer left is the wait.
      await vi.waitFor(() => {
        expect(run.complained().match(/connecting again/g)).toHaveLength(seen - 1);
        expect(run.clock.pendingTimers).toBe(1);
      }, soon);
      run.clock.advance(waitMs - 1);
      expect(requests).toHaveLength(seen);
      run.clock.advance(1);
    }
    expect(await run.code).toBe(0);
    expect(run.complained()).toContain("The gateway is shutting down.; connecting again\n");
  });

  it("leaves a connection that has gone silent", async () => {
    const { url } = await gatewayOf((response, connection) => {
      beginEvents(response);
      response.write(running.join(""));
      if (connection > 1) response.end(completed.join(""));
    });
    const run = watch(url);
    await vi.waitFor(() => expect(run.printed()).toContain("40 %"), soon);
    run.clock.advance(60_000);
    await vi.waitFor(() => expect(run.complained()).toContain("the gateway has gone silent; connecting again\n"), soon);
    run.clock.advance(500);
    expect(await run.code).toBe(0);
  });

  it("gives up when the job is no longer known", async () => {
    const { url } = await gatewayOf((response, connection) => {
      if (connection === 1) all(...running)(response);
      else answer(response, 404, { detail: "There is no job with this id." });
    });
    const run = watch(url);
    await vi.waitFor(() => expect(run.complained()).toContain("connecting again"), soon);
    run.clock.advance(500);
    expect(await run.code).toBe(1);
    expect(run.complained()).toContain("There is no job with this id.\n");
  });

  it.each(["stop", "readerGone"] as const)("ends at once, and leaves nothing open, on %s", async (how) => {
    let hungUp = false;
    const { url } = await gatewayOf((response) => {
      beginEvents(response);
      response.write(running.join(""));
      response.on("close", () => {
        hungUp = true;
      });
    });
    const run = watch(url);
    await vi.waitFor(() => expect(run.printed()).toContain("40 %"), soon);
    run[how].abort();
    expect(await run.code).toBe(how === "stop" ? 130 : 1);
    await vi.waitFor(() => expect(hungUp).toBe(true), soon);
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("follows several jobs, and ends with 1 when one of them does not complete", async () => {
    const other = "1f8fad5b-d9cb-469f-a165-70867728950e";
    const { url } = await standInGateway((request, response) => {
      const isOther = request.url?.includes(other) === true;
      if (request.url?.endsWith("/events") === true) all(...(isOther ? [eventText(1, "cancelled")] : completed))(response);
      else answer(response, 200, jobView({ id: isOther ? other : exampleId }));
    });
    const run = runCommand(["jobs", "watch", exampleId, other, exampleId, "--url", url]);
    expect(await run.code).toBe(1);
    expect(run.printed().split("\n").toSorted()).toEqual(["", `${exampleId}: completed 1 output`, `${other}: cancelled`]);
  });

  it("does not take what is not an event for one", async () => {
    const { url } = await gatewayOf(all("id: 1\nevent: queued\ndata: {nonsense\n\n"));
    const run = watch(url);
    expect(await run.code).toBe(1);
    expect(run.complained()).toContain("does not understand");
  });
});
