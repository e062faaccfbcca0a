import { flagsHelp } from "../config/settings-table.ts";
import { examine } from "../doctor/examine.ts";
import type { Finding, FindingStatus } from "../doctor/finding.ts";
import { writeBuildFacts } from "../executable/build-facts.ts";
import type { Command } from "./command.ts";
import { readConfiguration } from "./configuration.ts";

/** Says what is wrong with this host, and what would fix it. */
export const doctor: Command = {
  name: "doctor",
  summary: "Look for what is wrong: ComfyUI, workflows, models, disk, port, clock, keys, GPU",

  help: () => `Usage: comfyui-api doctor [--json] [--name=VALUE ...]

Looks at everything that the gateway needs, with the settings it would run with, and names what would fix
each fault: the pack that has a missing node, the address of a missing model. It changes nothing, and can
be run while the gateway does. Of a service, name its settings: --config /etc/comfyui-api/config.yml
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong use. Warnings alone are 0.

  --json
      Print one JSON object: {"ok": …, "findings": [{"area", "subject", "status", "message", "fix", "url"}]}.

${flagsHelp()}
`,

  async run(argv, surroundings) {
    const loaded = readConfiguration(argv, surroundings, ["json"]);
    if (loaded === null) return 2;
    const { print, clock, runProgram, builtinWorkflows: builtins, build } = surroundings;
    const findings = await examine({ config: loaded.config, builtins, clock, runProgram });
    const ok = findings.every(({ status }) => status !== "failure");
    print(loaded.switches.has("json") ? `${JSON.stringify({ ok, version: build.version, findings }, null, 2)}\n` : `comfyui-api ${writeBuildFacts(build)}\n\n${asTable(findings)}`);
    return ok ? 0 : 1;
  },
};

const marks: Readonly<Record<FindingStatus, string>> = { ok: "ok", warning: "WARNING", failure: "FAILURE", skipped: "skipped" };

function asTable(findings: readonly Finding[]): string {
  const markWidth = Math.max(...Object.values(marks).map((mark) => mark.length));
  const areaWidth = Math.max(...findings.map(({ area }) => area.length));
  const indent = " ".repeat(markWidth + areaWidth + 4);
  const rows = findings.map(({ area, subject, status, message, fix, url }) => {
    const about = subject === undefined ? "" : `${subject}: `;
    const head = `${marks[status].padEnd(markWidth)}  ${area.padEnd(areaWidth)}  ${plain(about + message)}\n`;
    return `${head}${fix === undefined ? "" : `${indent}→ ${plain(fix)}\n`}${url === undefined ? "" : `${indent}  ${plain(url)}\n`}`;
  });
  return `${rows.join("")}\n${verdict(findings)}\n`;
}

function verdict(findings: readonly Finding[]): string {
  const count = (wanted: FindingStatus): number => findings.filter(({ status }) => status === wanted).length;
  const [failures, warnings] = [count("failure"), count("warning")];
  if (failures === 0 && warnings === 0) return "Nothing is wrong.";
  const parts = [...(failures === 0 ? [] : [`${failures} failure${failures === 1 ? "" : "s"}`]), ...(warnings === 0 ? [] : [`${warnings} warning${warnings === 1 ? "" : "s"}`])];
  return `${parts.join(", ")}.`;
}

/** Names of nodes and files come from strangers, and a terminal obeys some characters. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}
