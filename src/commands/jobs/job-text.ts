import { stringifyJson } from "../../json/exact.ts";
import type { JobSeen } from "./job-seen.ts";

/**
 * Text from elsewhere, fit for a terminal: control characters could move the cursor, change colours or type for the user, and
 * some invisible ones turn the direction of writing.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** `plain`, at most `width` characters. */
export function shorten(text: string, width: number): string {
  const characters = [...plain(text)];
  return characters.length <= width ? characters.join("") : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

export function workflowName(job: Pick<JobSeen, "workflow">): string {
  return job.workflow === null ? "(raw graph)" : job.workflow;
}

/** `12s`, `3m`, `2h`, `5d`: one unit, as much as a person needs to know. */
function writeAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of [["d", 86_400], ["h", 3600], ["m", 60]] as const) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

function writeSize(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

/** `KSampler 9/20`. */
export function writeNode(node: { readonly title: string; readonly step: number | null; readonly steps: number | null }): string {
  return node.step === null || node.steps === null ? plain(node.title) : `${plain(node.title)} ${node.step}/${node.steps}`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** How far it is, or what became of it, in a few words. */
function outcome(job: JobSeen): string {
  switch (job.status) {
    case "queued":
      return job.queue_position === null ? "begins" : job.queue_position === 0 ? "is next" : `behind ${count(job.queue_position, "job")}`;
    case "completed": {
      const took = job.metrics.execution_seconds;
      return `${count(job.outputs.length, "output")}${took === null ? "" : ` in ${took.toFixed(1)} s`}`;
    }
    case "failed":
      return job.error?.code ?? "";
    case "running": {
      const node = job.progress?.current_node ?? null;
      return `${job.progress?.percent ?? 0} %${node === null ? "" : `  ${writeNode(node)}`}`;
    }
    default:
      return "";
  }
}

export function jobTable(jobs: readonly JobSeen[], nowMs: number): string {
  const rows = [
    ["ID", "WORKFLOW", "STATUS", "AGE", "PROGRESS"],
    ...jobs.map((job) => [job.id, workflowName(job), job.status, writeAge(nowMs - Date.parse(job.created_at)), outcome(job)].map((cell) => shorten(cell, 60))),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`).join("");
}

/** @param url of the gateway, before the path of each output */
export function jobDetails(job: JobSeen, url: string): string {
  const lines: (readonly [string, string])[] = [
    ["Job", job.id],
    ["Workflow", workflowName(job)],
    ["Status", `${job.status}${outcome(job) === "" ? "" : ` (${outcome(job)})`}`],
    ["Priority", job.priority],
    ["Attempts", String(job.attempt)],
    ["Created", job.created_at],
    ...(job.started_at === null ? [] : [["Started", job.started_at] as const]),
    ...(job.completed_at === null ? [] : [["Ended", job.completed_at] as const]),
    ...Object.entries(job.inputs).map(([name, value]) => [`Input ${name}`, shorten(stringifyJson({ value }).slice('{"value":'.length, -1), 200)] as const),
    ...job.outputs.map((output) => ["Output", outputLine(output, url)] as const),
    ...job.warnings.map(({ code, message }) => ["Warning", `${code}: ${message}`] as const),
    ...(job.error === null ? [] : [["Error", `${job.error.code}: ${job.error.detail}`] as const]),
  ];
  return lines.map(([name, value]) => `${`${plain(name)}:`.padEnd(10)} ${plain(value)}\n`).join("");
}

function outputLine(output: JobSeen["outputs"][number], url: string): string {
  return `${url}${output.url}  ${output.content_type}, ${writeSize(output.size)}`;
}
