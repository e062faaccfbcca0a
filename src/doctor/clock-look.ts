import type { RunProgram } from "../executable/run-program.ts";
import type { Finding } from "./finding.ts";

/** Apart by more than this, times in the two logs cannot be compared any more. */
const apartMs = 60_000;
/** This program is younger: a clock that says otherwise was never set. */
const neverBefore = Date.parse("2025-01-01T00:00:00Z");

/**
 * Whether the host's clock can be trusted: retention, deadlines, signed links and TLS go by it.
 *
 * @param toldAt what ComfyUI's clock said a moment ago; null when it did not tell
 */
export async function lookAtClock(now: number, toldAt: number | null, runProgram: RunProgram): Promise<Finding> {
  const time = new Date(now).toISOString();
  const fix = "Set it, and let it be kept right: timedatectl set-ntp true";
  if (now < neverBefore) return { area: "clock", status: "failure", message: `The clock says ${time}: it was never set`, fix };
  if (toldAt !== null && Math.abs(now - toldAt) > apartMs) {
    return { area: "clock", status: "warning", message: `The clock says ${time}, and that of ComfyUI's host is ${Math.round(Math.abs(now - toldAt) / 1000)} s ${toldAt < now ? "behind" : "ahead"}`, fix };
  }
  const { code, stdout } = await runProgram("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  if (code === 0 && stdout.trim() === "no") return { area: "clock", status: "warning", message: `The clock says ${time}, and nothing keeps it right`, fix };
  return { area: "clock", status: "ok", message: `The clock says ${time}${code === 0 && stdout.trim() === "yes" ? ", kept right over the network" : ""}` };
}
