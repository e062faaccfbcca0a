import { describe, expect, it } from "vitest";
import { FirstMatchRouter } from "./first-match-router.ts";

function router(): FirstMatchRouter<string> {
  const made = new FirstMatchRouter<string>();
  made.add("POST", "/v1/jobs", "run");
  made.add("GET", "/v1/jobs", "list");
  made.add("GET", "/v1/jobs/:id", "get");
  made.add("GET", "/v1/workflows/:id{.+}", "describe");
  made.add("ALL", "/v1/jobs", "not allowed");
  made.add("ALL", "*", "anything");
  return made;
}

const handlers = (method: string, path: string) => {
  const made = router();
  // Twice: what was found once is remembered.
  const first = made.match(method, path)[0].map(([handler]) => handler);
  expect(made.match(method, path)[0].map(([handler]) => handler)).toEqual(first);
  return first;
};

describe("FirstMatchRouter", () => {
  it("gives a request to the first handler that takes it, and to no other", () => {
    expect(handlers("POST", "/v1/jobs")).toEqual(["run"]);
    expect(handlers("GET", "/v1/jobs")).toEqual(["list"]);
    expect(handlers("DELETE", "/v1/jobs")).toEqual(["not allowed"]);
    expect(handlers("POST", "/family/name")).toEqual(["anything"]);
  });

  it("tells the parameters of each path apart", () => {
    const made = router();
    for (const id of ["a", "b"]) expect(made.match("GET", `/v1/jobs/${id}`)[0]).toEqual([["get", { id }]]);
    expect(made.match("GET", "/v1/workflows/image/text")[0]).toEqual([["describe", { id: "image/text" }]]);
  });

  it("keeps the methods of one path apart, whichever is asked for first", () => {
    const made = router();
    const found = ["DELETE", "GET", "POST", "GET"].map((method) => made.match(method, "/v1/jobs")[0][0]?.[0]);
    expect(found).toEqual(["not allowed", "list", "run", "list"]);
  });
});
