import { z } from "zod";
import { type EventSeen, isTerminal } from "./follow-events.ts";
import type { JobSeen } from "./job-seen.ts";
import { count, plain, shorten, workflowName, writeNode } from "./job-text.ts";

const place = z.object({ position: z.number() });
const progress = z.object({
  percent: z.number(),
  current_node: z.object({ title: z.string(), step: z.number().nullable(), steps: z.number().nullable() }).nullable(),
});
const failure = z.object({ error: z.object({ code: z.string(), detail: z.string() }) });
const warning = z.object({ code: z.string(), message: z.string() });

const barWidth = 15;

/** A job as its events tell it, in one line. */
export class WatchedJob {
  readonly id: string;
  readonly #name: string;
  #status = "queued";
  #said = "";
  #percent = 0;
  #outputs = 0;
  #end: EventSeen["type"] | null = null;

  constructor(job: Pick<JobSeen, "id" | "workflow">) {
    this.id = job.id;
    this.#name = workflowName(job);
  }

  /** How it ended; null while it has not. */
  get end(): string | null {
    return this.#end;
  }

  get percent(): number {
    return this.#percent;
  }

  apply(event: EventSeen): void {
    switch (event.type) {
      case "queued":
      case "position":
        this.#wait(event);
        break;
      case "started":
        this.#status = "running";
        this.#said = "";
        break;
      case "progress":
        this.#advance(event);
        break;
      case "retrying":
        this.#status = "queued";
        this.#percent = 0;
        this.#said = `is tried again: ${this.#reason(event)}`;
        break;
      case "output":
        this.#outputs += 1;
        break;
      case "warning":
        break;
      default:
        if (isTerminal(event.type)) this.#finish(event);
    }
  }

  /** @param width of the terminal: the line is never longer */
  line(width: number): string {
    const filled = Math.round((this.#percent / 100) * barWidth);
    const bar = `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`;
    const percent = `${this.#percent.toFixed(0).padStart(3)} %`;
    const words = this.#status === "running" && this.#said !== "" ? this.#said : this.words();
    return shorten(`${this.id.slice(0, 8)}  ${shorten(this.#name, 24).padEnd(24)}  ${bar} ${percent}  ${words}`, width);
  }

  /** `running KSampler 9/20`. */
  words(): string {
    return `${this.#status} ${this.#said}`.trim();
  }

  #wait(event: EventSeen): void {
    const found = place.safeParse(event);
    this.#status = "queued";
    if (found.success) this.#said = found.data.position === 0 ? "is next" : `behind ${count(found.data.position, "job")}`;
  }

  #advance(event: EventSeen): void {
    const found = progress.safeParse(event);
    if (!found.success) return;
    this.#percent = Math.min(100, Math.max(0, found.data.percent));
    this.#said = found.data.current_node === null ? "" : writeNode(found.data.current_node);
  }

  #finish(event: EventSeen): void {
    this.#end = event.type;
    this.#status = event.type;
    this.#said = "";
    if (event.type === "completed") {
      this.#percent = 100;
      this.#said = count(this.#outputs, "output");
    }
    if (event.type === "failed") this.#said = this.#reason(event);
  }

  #reason(event: EventSeen): string {
    const found = failure.safeParse(event);
    return found.success ? `${found.data.error.code}: ${plain(found.data.error.detail)}` : "";
  }
}

/** What a `warning` event says; null for any other. */
export function warningText(event: EventSeen): string | null {
  const found = warning.safeParse(event);
  return event.type === "warning" && found.success ? `${found.data.code}: ${plain(found.data.message)}` : null;
}
