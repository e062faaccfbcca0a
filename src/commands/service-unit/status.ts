import { existsSync } from "node:fs";
import type { ExitCode, Surroundings } from "../command.ts";
import { places, serviceName } from "./place.ts";
import { readServiceRequest } from "./request.ts";

const properties = ["ActiveState", "SubState", "Result", "UnitFileState", "MainPID", "NRestarts", "ActiveEnterTimestamp", "MemoryCurrent", "ExecMainStatus"] as const;

/** How systemd sees the service. 0 when it runs. */
export async function serviceStatus(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const request = readServiceRequest(argv, surroundings, { switches: ["json"], settings: false });
  if (request === null) return 2;
  const { print, complain, runProgram } = surroundings;
  const { code, stdout, stderr } = await runProgram("systemctl", ["show", serviceName, `--property=${properties.join(",")}`]);
  if (code !== 0) {
    complain(`systemd does not tell: ${stderr.trim()}\n`);
    return 1;
  }
  const told = new Map(stdout.split("\n").map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  const value = (name: (typeof properties)[number]): string => told.get(name) ?? "";
  const isActive = value("ActiveState") === "active";
  if (request.switches.has("json")) {
    print(`${JSON.stringify(Object.fromEntries(properties.map((name) => [name, value(name)])), null, 2)}\n`);
    return isActive ? 0 : 1;
  }
  if (!existsSync(places.unit) && !isActive) {
    complain("The service is not installed. `comfyui-api service install` does it.\n");
    return 1;
  }
  const memory = Number(value("MemoryCurrent"));
  const rows: readonly (readonly [string, string])[] = [
    ["state", `${value("ActiveState")} (${value("SubState")})`],
    ["since", value("ActiveEnterTimestamp") || "never"],
    ["at boot", value("UnitFileState") === "enabled" ? "starts" : `does not start (${value("UnitFileState")})`],
    ["process", value("MainPID") === "0" ? "none" : value("MainPID")],
    ["memory", Number.isFinite(memory) && value("MemoryCurrent") !== "" ? `${Math.round(memory / 1_000_000)} MB` : "not known"],
    ["restarts", value("NRestarts")],
    ...(isActive ? [] : [["last end", endText(value("Result"), value("ExecMainStatus"))] as const]),
  ];
  print(rows.map(([name, text]) => `${name.padEnd(9)} ${text}\n`).join(""));
  if (!isActive) print(`Why: journalctl -u ${serviceName} -n 50; comfyui-api doctor --config ${places.config}\n`);
  return isActive ? 0 : 1;
}

function endText(result: string, status: string): string {
  if (status === "2") return "a wrong configuration (status 2): it is not tried again";
  return result === "success" ? "in good order" : `${result}, status ${status}`;
}
