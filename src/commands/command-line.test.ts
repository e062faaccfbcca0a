import { describe, expect, it } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { HeldClock } from "../telemetry/held-clock.ts";
import type { ExitCode, RunningGateway, StartGateway, Surroundings } from "./command.ts";
import { runCommandLine } from "./command-line.ts";

interface Ran {
  readonly code: ExitCode;
  readonly printed: string;
  readonly complained: string;
  readonly started: readonly StartGateway[];
}

interface World {
  readonly env?: Surroundings["env"];
  readonly files?: Readonly<Record<string, string>>;
  readonly startGateway?: Surroundings["startGateway"];
  readonly stop?: AbortController;
  readonly supervisor?: Surroundings["supervisor"];
}

/** Runs a command line in a world of its own. A gateway, once it serves, is asked to stop at once. */
async function run(argv: readonly string[], world: World = {}): Promise<Ran> {
  const stop = world.stop ?? new AbortController();
  const started: StartGateway[] = [];
  let printed = "";
  let complained = "";
  const code = await runCommandLine(argv, {
    build: { version: "1.2.3", commit: null, node: "24.21.0" },
    executable: null,
    supervisor: world.supervisor ?? { ready: () => Promise.resolve(), stopping: () => Promise.resolve() },
    runProgram: (program) => Promise.resolve({ code: 127, stdout: "", stderr: `There is no program ${program}.` }),
    isRoot: false,
    builtinWorkflows: [],
    env: world.env ?? {},
    readFile: (path) => {
      const text = world.files?.[path];
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return text;
    },
    workflowsBeside: null,
    print: (text) => {
      printed += text;
      if (text.includes("serves on")) stop.abort();
    },
    complain: (text) => {
      complained += text;
    },
    terminal: () => null,
    readerGone: new AbortController().signal,
    clock: new HeldClock(),
    stopAsked: stop.signal,
    startGateway: (params) => {
      started.push(params);
      return world.startGateway === undefined ? Promise.resolve(gateway()) : world.startGateway(params);
    },
  });
  return { code, printed, complained, started };
}

function gateway(over: Partial<RunningGateway> = {}): RunningGateway {
  return { url: "http://127.0.0.1:3000", demo: false, workflows: { workflows: [], broken: [] }, stop: () => Promise.resolve(), ...over };
}

function refusal(code: string): Error {
  return new Error("the server did not start", { cause: Object.assign(new Error(`listen ${code}`), { code }) });
}

describe("comfyui-api", () => {
  it.each([[["--help"]], [["-h"]], [["help"]]])("%j lists the commands", async (argv) => {
    const { code, printed } = await run(argv);
    expect(code).toBe(0);
    for (const name of ["serve", "workflows", "convert", "generate", "jobs", "keys", "health", "doctor", "service", "config", "version", "help"]) expect(printed).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  it.each([[["--version"]], [["-V"]], [["version"]]])("%j prints the version alone", async (argv) => {
    expect(await run(argv)).toMatchObject({ code: 0, printed: "1.2.3 (commit unknown, Node.js 24.21.0)\n", complained: "" });
  });

  it.each([[["serve", "--help"]], [["help", "serve"]], [["--port", "1", "--help"]], [["serve", "-h"]]])("%j lists the settings and starts nothing", async (argv) => {
    const { code, printed, started } = await run(argv);
    expect(code).toBe(0);
    expect(printed).toContain("--comfyui-url=VALUE");
    expect(started).toEqual([]);
  });

  it("refuses an unknown command with 2 and the one that was meant", async () => {
    expect(await run(["sevre"])).toMatchObject({ code: 2, printed: "", complained: "There is no command `sevre`. Did you mean `serve`?\n" });
    expect((await run(["help", "banana"])).complained).toContain("The commands are: serve, workflows, convert, generate, jobs, keys, health, doctor, service, config, version, help.");
    expect((await run(["version", "now"])).code).toBe(2);
    expect((await run(["help", "serve", "config"])).code).toBe(2);
  });

  it("serves when no command is named, with and without flags", async () => {
    expect((await run([])).started[0]?.config.port).toBe(3000);
    expect((await run(["--port", "8080"])).started[0]?.config.port).toBe(8080);
  });
});

describe("config", () => {
  it("shows each setting with its source and no secret", async () => {
    const { code, printed } = await run(["config", "--port=81"], { env: { COMFYUI_URL: "http://me:hunter2@gpu" } });
    expect(code).toBe(0);
    expect(printed).toMatch(/^port +81 +flag$/m);
    expect(printed).toMatch(/^comfyui_url +http:\/\/\*\*\*@gpu +environment$/m);
    expect(printed).toMatch(/^workflows_dir +\(not set\) +default$/m);
    expect(printed).not.toContain("hunter2");
  });

  it("prints JSON when asked", async () => {
    const { printed } = await run(["config", "--json"]);
    expect(JSON.parse(printed)).toMatchObject({ port: { value: 3000, source: "default" }, workflows_dir: { value: null, source: "default" } });
  });

  it("prints every problem and answers 2", async () => {
    const ran = await run(["config", "--prot", "1", "--config", "my.yml"], { files: { "my.yml": "wait_seconds: long" }, env: { PORT: "3000abc" } });
    expect(ran).toMatchObject({ code: 2, printed: "" });
    expect(ran.complained.split("\n")).toHaveLength(5);
    expect(ran.complained).toContain("  --prot: unknown flag; did you mean --port?");
    expect(ran.complained).toContain('  port (environment variable PORT): "3000abc" is not allowed');
    expect(ran.complained).toContain('  wait_seconds (wait_seconds in my.yml): "long" is not allowed');
  });
});

describe("serve", () => {
  it("starts nothing with a bad configuration", async () => {
    expect(await run(["serve", "--port", "x"])).toMatchObject({ code: 2, started: [], printed: "" });
  });

  it("answers 0 once it was asked to stop and everything has ended", async () => {
    let stopped = false;
    const stop = (): Promise<void> => {
      stopped = true;
      return Promise.resolve();
    };
    expect((await run(["serve"], { startGateway: () => Promise.resolve(gateway({ stop })) })).code).toBe(0);
    expect(stopped).toBe(true);
  });

  it("tells its supervisor once it serves and once it stops, and serves on when that cannot be told", async () => {
    const told: string[] = [];
    const note = (word: string): Promise<void> => {
      told.push(word);
      return Promise.reject(new Error("systemd is deaf"));
    };
    const supervisor = { ready: () => note("ready"), stopping: () => note("stopping") };
    expect((await run(["serve", "--log-level=silent"], { supervisor })).code).toBe(0);
    expect(told).toEqual(["ready", "stopping"]);
    const failing = { supervisor, startGateway: () => Promise.reject(refusal("EADDRINUSE")) };
    expect((await run(["serve"], failing)).code).toBe(1);
    expect(told).toEqual(["ready", "stopping"]);
  });

  it("gives running work the time that is set, and says what it waits for", async () => {
    const asked: number[] = [];
    const stop: RunningGateway["stop"] = ({ drainMs, onWaiting }) => {
      asked.push(drainMs);
      onWaiting?.({ running: 1, waiting: 0 });
      return Promise.resolve();
    };
    const { printed } = await run(["serve", "--drain-seconds", "7"], { startGateway: () => Promise.resolve(gateway({ stop })) });
    expect(asked).toEqual([7000]);
    expect(printed).toContain("Waiting up to 7 s for: 1 running. What is not finished then goes on with the next start.\nStopped.\n");
  });

  it("stops at once when it was asked to while it was still starting", async () => {
    const stop = new AbortController();
    const startGateway = (): Promise<RunningGateway> => {
      stop.abort();
      return Promise.resolve(gateway());
    };
    expect((await run(["serve"], { stop, startGateway })).code).toBe(0);
  });

  it.each([
    ["EADDRINUSE", "Port 3000 on 127.0.0.1 is in use by another program"],
    ["EADDRNOTAVAIL", "127.0.0.1 is not an address of this machine"],
    ["ENOSPC", "The gateway failed: the server did not start\n  because: listen ENOSPC"],
  ])("says what %s means and answers 1", async (code, text) => {
    const ran = await run(["serve"], { startGateway: () => Promise.reject(refusal(code)) });
    expect(ran.code).toBe(1);
    expect(ran.complained).toContain(text);
  });

  it("says that a low port is not this user's", async () => {
    const ran = await run(["serve", "--port=80"], { startGateway: () => Promise.reject(refusal("EACCES")) });
    expect(ran.complained).toContain("may not listen on port 80");
  });

  it("shows the detail and the causes of an error of the table", async () => {
    const error = new AppError("storage_failed", "The data directory is in use by another gateway.", { cause: new Error("lock held") });
    const ran = await run(["serve"], { startGateway: () => Promise.reject(error) });
    expect(ran).toMatchObject({ code: 1, complained: "The gateway failed: The data directory is in use by another gateway.\n  because: lock held\n" });
  });

  it("answers 1 when stopping fails", async () => {
    const stop = (): Promise<void> => Promise.reject(new Error("disk gone"));
    expect(await run([], { startGateway: () => Promise.resolve(gateway({ stop })) })).toMatchObject({
      code: 1,
      complained: "The gateway failed: disk gone\n",
    });
  });

  it("names each part that did not stop", async () => {
    const stop = (): Promise<void> => Promise.reject(new AggregateError([new Error("disk gone"), new Error("socket stuck")], "not all stopped"));
    const { complained } = await run([], { startGateway: () => Promise.resolve(gateway({ stop })) });
    expect(complained).toBe("The gateway failed: not all stopped\n  disk gone\n  socket stuck\n");
  });
});
