import { rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import type { ExitCode, Surroundings } from "../command.ts";
import { below, places, serviceName } from "./place.ts";
import { readServiceRequest } from "./request.ts";
import { isAsleep } from "./systemd-features.ts";

/** Takes the service away. Jobs, outputs and settings stay, unless they are to go as well. */
export async function uninstallService(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const request = readServiceRequest(argv, surroundings, { switches: ["dry-run", "purge"], settings: false });
  if (request === null) return 2;
  const { print, complain, runProgram, isRoot } = surroundings;
  const isHere = request.root === "/";
  const isPurge = request.switches.has("purge");
  const program = [places.unit, places.user, places.executable, `${places.executable}.map`];
  const kept = [places.settings, places.data];
  const going = [...program, ...(isPurge ? kept : [])].map((place) => below(request.root, place)).filter((path) => existsSync(path));
  if (request.switches.has("dry-run")) {
    print(going.map((path) => `would remove ${path}\n`).join(""));
    return 0;
  }
  if (isHere && !isRoot) {
    complain("Taking a service away is for root: try sudo.\n");
    return 1;
  }
  if (isHere && existsSync(places.unit)) {
    // What does not run need not be stopped, and cannot be.
    const now = (await isAsleep(runProgram)) ? [] : ["--now"];
    const { code, stderr } = await runProgram("systemctl", ["disable", ...now, serviceName]);
    if (code !== 0) {
      complain(`The service could not be stopped, and nothing was removed: ${stderr.trim()}\n`);
      return 1;
    }
  }
  for (const path of going) {
    await rm(path, { recursive: true });
    print(`removed ${path}\n`);
  }
  if (isHere) {
    await runProgram("systemctl", ["daemon-reload"]);
    // A service that had failed is remembered otherwise.
    await runProgram("systemctl", ["reset-failed", serviceName]);
  }
  if (!isPurge) print(`Settings and data stay: ${kept.join(", ")}. --purge removes them.\n`);
  return 0;
}
