import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PromptQueue, type QueueItem } from "./queue.ts";

function item(number: number, promptId: string, text = "x"): QueueItem {
  return { number, promptId, prompt: { "1": { class_type: "PreviewAny", inputs: { source: text } } }, extraData: {}, outputs: ["1"] };
}

function drained(queue: PromptQueue): readonly string[] {
  const ids: string[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) ids.push(next.promptId);
  return ids;
}

describe("PromptQueue", () => {
  it("runs lower numbers first and breaks ties by id, whatever the order of arrival", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.uuid()), { maxLength: 30 }), (entries) => {
        const queue = new PromptQueue();
        for (const [number, id] of entries) queue.push(item(number, id));
        const sorted = entries.toSorted(([a, one], [b, other]) => a - b || (one < other ? -1 : one > other ? 1 : 0)).map(([, id]) => id);
        expect(drained(queue)).toEqual(sorted);
      }),
    );
  });

  it("shows heap order, as recorded from the real queue", () => {
    const queue = new PromptQueue();
    for (const number of [88, 89, -90, -91, 1.5, -5]) queue.push(item(number, `p${number}`));
    expect(queue.items().map(({ number }) => number)).toEqual([-91, -90, -5, 89, 1.5, 88]);
  });

  it("keeps its order after one is taken out, and takes out one item for an id", () => {
    const queue = new PromptQueue();
    for (const number of [5, 3, 4, 1, 2]) queue.push(item(number, `p${number}`));
    queue.push(item(9, "p3", "again"));
    expect(queue.delete("p3")).toBe(true);
    expect(queue.delete("nobody")).toBe(false);
    expect(drained(queue)).toHaveLength(5);
  });

  it("cannot order two different prompts with the same number and id, but keeps both", () => {
    const queue = new PromptQueue();
    queue.push(item(1, "same", "a"));
    expect(() => queue.push(item(1, "same", "b"))).toThrow(TypeError);
    expect(queue.length).toBe(2);
  });

  it("takes the same prompt twice", () => {
    const queue = new PromptQueue();
    queue.push(item(1, "same"));
    queue.push(item(1, "same"));
    expect(drained(queue)).toEqual(["same", "same"]);
  });
});
