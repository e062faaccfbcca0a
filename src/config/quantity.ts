import { z } from "zod";
import type { Value } from "./value.ts";

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);

/** Kilo is a thousand and kibi 1024, as disks and file systems count. */
const byteUnits: ReadonlyMap<string, number> = new Map([
  ["b", 1],
  ...["k", "m", "g", "t"].flatMap((letter, index): [string, number][] => [
    [`${letter}b`, 1000 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
  ]),
]);

/** `7d` and `1.5GB` alike; NaN for anything else. */
function measure(written: string, units: ReadonlyMap<string, number>): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(written.trim()) ?? [];
  return number === "" ? Number.NaN : Math.round(Number(number) * (units.get(unit.toLowerCase()) ?? Number.NaN));
}

/** A bound that can be left out: 0, in any unit or none, is null. */
function bound(allowed: string, read: (written: string) => number, min: number, max: number): Value<number | null> {
  const written = z.union([z.number().transform(String), z.string().trim().min(1)]);
  return {
    allowed,
    schema: written.transform((text, context) => {
      if (/^0+(\.0+)? ?[a-z]*$/i.test(text)) return null;
      const value = read(text);
      if (value >= min && value <= max) return value;
      context.addIssue({ code: "custom", message: allowed });
      return z.NEVER;
    }),
  };
}

/** Milliseconds, written with a unit: a bare number would be seconds to one reader and days to another. */
export const durationOrNone: Value<number | null> = bound(
  "a number with s, m, h, d or w, such as 12h or 7d, up to 10 years; or 0",
  (written) => measure(written, durationUnits),
  1000,
  3650 * 86_400_000,
);

/** Bytes, with a unit or without. */
export const bytesOrNone: Value<number | null> = bound(
  "a number of bytes, or one with kB, MB, GB, TB (KiB, MiB, GiB, TiB for powers of 1024), such as 50GB; or 0",
  (written) => (/^\d+$/.test(written) ? Number(written) : measure(written, byteUnits)),
  1,
  Number.MAX_SAFE_INTEGER,
);

/** As a person would write it: the largest unit that leaves a whole number. */
export function writeDuration(ms: number | null): string {
  return write(ms, durationUnits);
}

export function writeBytes(bytes: number | null): string {
  if (bytes === null) return "0";
  for (const [unit, letters] of [[1000, ["B", "kB", "MB", "GB", "TB"]], [1024, ["B", "KiB", "MiB", "GiB", "TiB"]]] as const) {
    const power = letters.findLastIndex((_, index) => bytes % unit ** index === 0);
    if (power > 0) return `${bytes / unit ** power}${letters[power]}`;
  }
  return String(bytes);
}

function write(value: number | null, units: ReadonlyMap<string, number>): string {
  if (value === null) return "0";
  const [unit, size] = [...units].findLast(([, each]) => value % each === 0) ?? ["s", 1000];
  return `${value / size}${unit}`;
}
