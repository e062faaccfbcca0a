import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import manifest from "../package.json" with { type: "json" };
import { runCommandLine } from "./commands/command-line.ts";
import { failureText } from "./commands/failure.ts";
import { builtinWorkflows } from "./generated/workflows.ts";
import { buildFacts } from "./executable/build-facts.ts";
import { nameSourcesInStacks } from "./executable/name-sources.ts";
import { runProgram } from "./executable/run-program.ts";
import { supervisorOf } from "./executable/supervisor.ts";
import { tierUpSooner } from "./executable/tier-up.ts";
import { systemClock } from "./telemetry/clock.ts";
import { type Checkpoint, killAt, noCheckpoint } from "./telemetry/checkpoint.ts";

/** `npm start` hands on the Ctrl-C that the terminal has sent to the whole group already: that is one wish, not two. */
const echoMs = 250;

function main(): void {
  if (isSea()) nameSourcesInStacks(`${process.execPath}.map`);
  const stop = new AbortController();
  const readerGone = new AbortController();
  let askedAt = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        askedAt = performance.now();
        stop.abort();
      } else if (performance.now() - askedAt > echoMs) {
        process.exit(1);
      }
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever read along is gone, as in `comfyui-api help | head -1`. That ends the reading, not the work.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (stream === process.stdout) readerGone.abort();
    });
  }

  const run = runCommandLine(process.argv.slice(2), {
    build: buildFacts(manifest.version),
    executable: isSea() ? process.execPath : null,
    supervisor: supervisorOf(process.env),
    runProgram,
    isRoot: process.getuid?.() === 0,
    builtinWorkflows,
    env: process.env,
    readFile: (path) => readFileSync(path, "utf8"),
    workflowsBeside: workflowsBesideExecutable(),
    print: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    terminal: () => (process.stdout.isTTY ? { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 } : null),
    readerGone: readerGone.signal,
    clock: systemClock,
    stopAsked: stop.signal,
    startGateway: async (params) => {
      // All that the gateway writes is for its user alone, whoever starts it: jobs hold prompts. Not a mode at each
      // file, since SQLite makes its own and a new place would have to remember.
      process.umask(0o077);
      const [{ startApp }, { docsAssets }] = await Promise.all([import("./app.ts"), import("./generated/docs-assets.ts")]);
      const gateway = await startApp({ ...params, builtinWorkflows, docsAssets, checkpoint: testedCheckpoint() });
      if (isSea()) tierUpSooner();
      return gateway;
    },
  });
  run.then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`comfyui-api: ${failureText(error)}\n${error instanceof Error ? `${error.stack}\n` : ""}`);
      process.exit(1);
    },
  );
}

/** A test hook, see there: dies where COMFYUI_API_KILL_AT says. */
function testedCheckpoint(): Checkpoint {
  const place = process.env["COMFYUI_API_KILL_AT"];
  return place === undefined ? noCheckpoint : killAt(place, () => process.kill(process.pid, "SIGKILL"));
}

function workflowsBesideExecutable(): string | null {
  if (!isSea()) return null;
  const folder = join(dirname(process.execPath), "workflows");
  return existsSync(folder) ? folder : null;
}

main();
