import { expect, it } from "vitest";
import { redactUrl } from "./redact-url.ts";

it("a redacted address shows neither user nor password, even one with an @ in it", () => {
  expect(redactUrl("http://a:b@c@host:1/x@y")).toBe("http://***@host:1/x@y");
  expect(redactUrl("http://host/x@y")).toBe("http://host/x@y");
  expect(redactUrl("HTTPS://token@host")).toBe("HTTPS://***@host");
});
