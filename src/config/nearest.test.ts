import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";
import { redactUrl } from "./redact-url.ts";

it("finds the word that a slip of the hand was meant to be, and nothing for another word", () => {
  expect(nearest("prot", ["host", "port"])).toBe("port");
  expect(nearest("Comfyui_Ulr", ["comfyui_url", "data_dir"])).toBe("comfyui_url");
  expect(nearest("banana", ["host", "port"])).toBeNull();
  expect(nearest("x", [])).toBeNull();
});

it("a redacted address shows neither user nor password, even one with an @ in it", () => {
  expect(redactUrl("http://a:b@c@host:1/x@y")).toBe("http://***@host:1/x@y");
  expect(redactUrl("http://host/x@y")).toBe("http://host/x@y");
  expect(redactUrl("HTTPS://token@host")).toBe("HTTPS://***@host");
});
