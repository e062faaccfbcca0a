import { describe, expect, it } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { readWaitChoice } from "./prefer.ts";

describe("readWaitChoice", () => {
  it.each([
    [undefined, 60, null],
    ["wait=5", 5, "wait=5"],
    ["wait=0", 0, "wait=0"],
    ['Wait="300"', 300, "wait=300"],
    ["respond-async", 0, "respond-async"],
    ["respond-async, wait=10", 10, "respond-async, wait=10"],
    ["wait=7; foo=bar, wait=9", 7, "wait=7"],
    ["return=minimal", 60, null],
  ])("reads Prefer: %s as %i seconds, applying %s", (header, waitSeconds, applied) => {
    expect(readWaitChoice(header, 60)).toEqual({ waitSeconds, applied });
  });

  it.each(["wait=301", "wait=-1", "wait=abc", "wait", "wait=1.5", "wait=99999999999999999999"])("refuses Prefer: %s and names the header", (header) => {
    expect(() => readWaitChoice(header, 60)).toThrow(AppError);
    expect(() => readWaitChoice(header, 60)).toThrow(/invalid_query: The header Prefer/);
  });
});
