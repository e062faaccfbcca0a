import { expect, it } from "vitest";
import { shownQuery } from "./shown-query.ts";

it("shows choices and numbers", () => {
  expect(shownQuery("/v1/jobs?status=failed&limit=5&workflow=qwen%2Fqwen_base_txt2img")).toBe("status=failed&limit=5&workflow=qwen/qwen_base_txt2img");
  expect(shownQuery("/v1/jobs")).toBe("");
  expect(shownQuery("/v1/jobs?")).toBe("");
});

it("shows nothing of signatures, webhooks and what callers make up", () => {
  expect(shownQuery("/v1/jobs/1/outputs/0?expires=1800000000&signature=c2VjcmV0")).toBe("expires=1800000000&signature=***");
  expect(shownQuery("/a/b?webhook=https%3A%2F%2Fme%3Apass%40host%2F&api_key=cak_1")).toBe("webhook=***&api_key=***");
  expect(shownQuery("/a/b?%0A%0Dforged=1&status=a%20b")).toBe("***&status=***");
  expect(shownQuery(`/a/b?${"x=1&".repeat(100)}`).length).toBeLessThan(100);
});
