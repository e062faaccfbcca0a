import { describe, expect, it } from "vitest";
import { bytesOrNone, durationOrNone, writeBytes, writeDuration } from "./quantity.ts";

describe("a duration", () => {
  it.each([
    ["30s", 30_000],
    ["90m", 5_400_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    [" 1.5 H ", 5_400_000],
    ["0", null],
    [0, null],
    ["0d", null],
  ])("%j is %j ms", (written, ms) => {
    expect(durationOrNone.schema.parse(written)).toBe(ms);
  });

  it.each(["7", 7, "", "d", "-1d", "1y", "7days", "1e3s", "0.5s", "3651d", "99999999999999999999d", "7d 3h", true, null, { d: 1 }])("cannot be %j", (written) => {
    expect(durationOrNone.schema.safeParse(written).success).toBe(false);
  });

  it.each(["45s", "90m", "36h", "10d", "2w", "0"])("%s is written as it was given", (written) => {
    expect(writeDuration(durationOrNone.schema.parse(written))).toBe(written);
  });
});

describe("a number of bytes", () => {
  it.each([
    ["50GB", 50_000_000_000],
    ["50gb", 50_000_000_000],
    ["1.5TB", 1_500_000_000_000],
    ["64 GiB", 68_719_476_736],
    ["100kB", 100_000],
    ["12345", 12_345],
    [12_345, 12_345],
    ["7B", 7],
    ["0", null],
    ["0GB", null],
    [0, null],
  ])("%j is %j", (written, bytes) => {
    expect(bytesOrNone.schema.parse(written)).toBe(bytes);
  });

  it.each(["50G", "GB", "", "-1", "1.5", "1e9", "0.1B", "50GBs", "9999999TB", true, null])("cannot be %j", (written) => {
    expect(bytesOrNone.schema.safeParse(written).success).toBe(false);
  });

  it.each(["50GB", "1500MB", "64GiB", "3KiB", "12345", "0"])("%s is written as it was given", (written) => {
    expect(writeBytes(bytesOrNone.schema.parse(written))).toBe(written);
  });
});
