import type { Config } from "../config/config.ts";
import { redactUrl } from "../config/redact-url.ts";
import { stringifyJson } from "../json/exact.ts";
import type { BrokenWorkflow, Workflow } from "../workflow/workflow.ts";
import type { RunningGateway } from "./command.ts";

/** What a person reads once the gateway serves: where, with which ComfyUI, what, and a line to try. */
export function greeting(gateway: RunningGateway, config: Config, version: string): string {
  const { workflows, broken } = gateway.workflows;
  const lines = [
    `comfyui-api ${version} serves on ${gateway.url}`,
    gateway.demo
      ? "Demo mode: no ComfyUI is used; pictures are drawn, not generated. Set COMFYUI_URL to use yours."
      : `ComfyUI: ${redactUrl(config.comfyuiUrl)}`,
    `Workflows: ${workflows.length === 0 ? "none" : workflows.map((workflow) => workflow.id).join(", ")}`,
    ...(broken.length === 0 ? [] : [`Broken workflows, not served: ${broken.length}`, ...broken.map(brokenLine)]),
    `Docs: ${gateway.url}/docs`,
    ...tryLines(gateway.url, workflows, config.apiKeys !== null || config.apiKeysFile !== null),
  ];
  return `${lines.join("\n")}\n`;
}

function brokenLine({ file, line, column, message }: BrokenWorkflow): string {
  const place = `${[file, line, line === null ? null : column].filter((part) => part !== null).join(":")}: `;
  // A compiler's message begins with the place already.
  const said = message.startsWith(place) ? message.slice(place.length) : message;
  return `  ${place}${said.trimEnd().replaceAll("\n", "\n    ")}`;
}

function tryLines(url: string, workflows: readonly Workflow[], wantsKey: boolean): string[] {
  const key = wantsKey ? ' -H "X-API-Key: $KEY"' : "";
  const known = workflows.find((workflow) => workflow.id === "qwen/qwen_base_txt2img");
  if (known !== undefined) return ["Try:", `${curl(url, known.id, '{"prompt":"test"}')}${key}`];
  // One that takes a file would need a file that is not there.
  const other = workflows.find((workflow) => workflow.fileFields.length === 0);
  return other === undefined ? [] : ["Try:", `${curl(url, other.id, stringifyJson(other.example))}${key}`];
}

function curl(url: string, id: string, body: string): string {
  return `  curl -X POST ${url}/${id} -d '${body.replaceAll("'", String.raw`'\''`)}'`;
}
