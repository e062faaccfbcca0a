import { stringifyJson } from "../../json/exact.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readJobsArguments } from "./arguments.ts";
import { Board } from "./board.ts";
import { type EventSeen, followEvents } from "./follow-events.ts";
import { GatewayClient } from "./gateway-client.ts";
import { jobPath, readJob } from "./job-seen.ts";
import { WatchedJob, warningText } from "./watched-job.ts";

/** Without a terminal, progress is worth a line this often. */
const percentStep = 10;

/** Where a watcher shows what happens. */
interface Show {
  event(job: WatchedJob, event: EventSeen): void;
  lost(job: WatchedJob, reason: string): void;
}

/** Follows jobs to their end. 0 when all completed, 1 when one did not. */
export async function watchJobs(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readJobsArguments(argv, surroundings, { flags: [], ids: "some" });
  if (asked === null) return 2;
  const { clock, stopAsked, readerGone } = surroundings;
  const done = new AbortController();
  const signal = AbortSignal.any([stopAsked, readerGone, done.signal]);
  const client = new GatewayClient(asked, signal);
  const jobs = await Promise.all([...new Set(asked.positionals)].map(async (id) => new WatchedJob(readJob((await client.get(jobPath(id))).body))));
  const show = asked.json ? asLines(surroundings) : forPeople(jobs, surroundings);
  const follow = async (job: WatchedJob): Promise<void> => {
    const open = (lastEventId: string, own: AbortSignal) => client.events(job.id, lastEventId, own);
    for await (const event of followEvents({ open, clock, signal, onLost: (reason) => show.lost(job, reason) })) {
      job.apply(event);
      show.event(job, event);
    }
  };
  try {
    await Promise.all(jobs.map(follow));
  } finally {
    done.abort();
  }
  stopAsked.throwIfAborted();
  return jobs.every((job) => job.end === "completed") ? 0 : 1;
}

/** NDJSON: each event as the gateway sent it. */
function asLines({ print, complain }: Surroundings): Show {
  return {
    event: (_job, event) => print(`${stringifyJson(event)}\n`),
    lost: (job, reason) => complain(`${job.id}: ${reason}; connecting again\n`),
  };
}

function forPeople(jobs: readonly WatchedJob[], surroundings: Surroundings): Show {
  const size = surroundings.terminal();
  // More jobs than lines cannot be drawn in place.
  return size === null || jobs.length >= size.rows ? asText(surroundings) : asBars(jobs, surroundings);
}

/** One line a job, drawn anew; what is to stay goes above them. */
function asBars(jobs: readonly WatchedJob[], { print, terminal }: Surroundings): Show {
  const board = new Board(print);
  const draw = (): void => {
    // The last column is left free: some terminals begin a new line once it is written.
    const width = (terminal()?.columns ?? 80) - 1;
    board.draw(jobs.map((job) => job.line(width)));
  };
  return {
    event(job, event) {
      const warning = warningText(event);
      if (warning !== null) board.say(`${job.id}: warning: ${warning}`);
      if (job.end === "failed") board.say(`${job.id}: ${job.words()}`);
      draw();
    },
    lost(job, reason) {
      board.say(`${job.id}: ${reason}; connecting again`);
      draw();
    },
  };
}

/** A line for each change that is worth one. */
function asText({ print, complain }: Surroundings): Show {
  const said = new Map<string, string>();
  return {
    event(job, event) {
      const warning = warningText(event);
      if (warning !== null) print(`${job.id}: warning: ${warning}\n`);
      const line = event.type === "progress" ? `running ${Math.floor(job.percent / percentStep) * percentStep} %` : job.words();
      const isNews = ["queued", "position", "started", "progress", "retrying", "completed", "failed", "cancelled"].includes(event.type);
      if (!isNews || said.get(job.id) === line) return;
      said.set(job.id, line);
      print(`${job.id}: ${line}\n`);
    },
    lost: (job, reason) => complain(`${job.id}: ${reason}; connecting again\n`),
  };
}
