import { expect, it } from "vitest";
import { exampleOutput } from "../job/example-job.ts";
import { JobHub } from "./job-hub.ts";

it("tells those who watch the job that changed, and nobody else", () => {
  const hub = new JobHub();
  const seen: string[] = [];
  hub.onChange("a", () => seen.push("a"));
  hub.onChange("b", () => seen.push("b"));
  hub.changed("a");
  expect(seen).toEqual(["a"]);
});

it("keeps nothing of a subscription that ended", () => {
  const hub = new JobHub();
  let calls = 0;
  const end = hub.onChange("a", () => (calls += 1));
  const endQueue = hub.onQueued(() => (calls += 1));
  const endMoves = hub.onQueueMoved(() => (calls += 1));
  end();
  end();
  endQueue();
  endMoves();
  hub.changed("a");
  hub.queued();
  expect(calls).toBe(0);
  expect(hub.size).toBe(0);
});

it("a listener that ends its subscription while it is told does not make another miss the change", () => {
  const hub = new JobHub();
  const seen: string[] = [];
  const end = hub.onChange("a", () => {
    seen.push("first");
    end();
  });
  hub.onChange("a", () => seen.push("second"));
  hub.changed("a");
  expect(seen).toEqual(["first", "second"]);
});

it("keeps the last preview of a job until it is dropped, and tells the watchers of each", () => {
  const hub = new JobHub();
  let calls = 0;
  hub.onChange("a", () => (calls += 1));
  hub.onAnyChange(() => (calls += 1));
  const image = new Uint8Array([1]);
  hub.preview("a", { nodeId: "3", contentType: "image/png", image });
  hub.preview("a", { nodeId: "4", contentType: "image/png", image });
  expect(calls).toBe(4);
  expect(hub.lastPreview("a")).toEqual({ nodeId: "4", contentType: "image/png", image, number: 2 });
  hub.dropPreview("a");
  expect(hub.lastPreview("a")).toBeUndefined();
});

it("tells of a wish to cancel apart from changes", () => {
  const hub = new JobHub();
  const seen: string[] = [];
  hub.onCancelRequested("a", () => seen.push("cancel"));
  hub.onChange("a", () => seen.push("change"));
  hub.cancelRequested("a");
  expect(seen).toEqual(["cancel"]);
});

it("tells whoever waits for an end what the job completed with, and nothing where it may not have ended", () => {
  const hub = new JobHub();
  const seen: unknown[] = [];
  const outputs = [exampleOutput];
  hub.onEnd("a", (told) => seen.push(told));
  hub.changed("a");
  hub.ended("b", outputs);
  hub.ended("a");
  hub.ended("a", outputs);
  expect(seen).toEqual([null, outputs]);
});

it("tells who brings a job whether a claim was asked for it", () => {
  const hub = new JobHub();
  expect(hub.arriving()).toBe(false);
  let hasRoom = false;
  hub.onArriving((claims) => {
    if (hasRoom) claims();
  });
  expect(hub.arriving()).toBe(false);
  hasRoom = true;
  expect(hub.arriving()).toBe(true);
});

it("tells those who look at places when a job enters the queue and when one leaves it", () => {
  const hub = new JobHub();
  const seen: string[] = [];
  hub.onQueued(() => seen.push("queued"));
  hub.onQueueMoved(() => seen.push("moved"));
  hub.queued();
  hub.queueMoved();
  expect(seen).toEqual(["queued", "moved", "moved"]);
});
