import { once } from "node:events";
import type { Config } from "../config/config.ts";
import { flagsHelp } from "../config/settings-table.ts";
import { parseLogLevels } from "../telemetry/log-levels.ts";
import { createLogger, type Logger } from "../telemetry/logger.ts";
import type { Command, Unfinished } from "./command.ts";
import { readConfiguration } from "./configuration.ts";
import { failureText, hasSystemCode } from "./failure.ts";
import { greeting } from "./greeting.ts";

/** Runs the gateway until the process is asked to end. */
export const serve: Command = {
  name: "serve",
  summary: "Run the gateway (this is what happens when no command is named)",

  help: () => `Usage: comfyui-api serve [--name=VALUE ...]

Serves every workflow at POST /{family}/{name}. The first SIGTERM or SIGINT (Ctrl-C) takes no more jobs
and lets the running one go on for up to --drain-seconds; the second ends the process at once. Either way
the next start takes up every job that is not finished, where it is.

Each setting is taken from its flag, else its environment variable, else the file, else its default:

${flagsHelp()}
`,

  async run(argv, surroundings) {
    const loaded = readConfiguration(argv, surroundings);
    if (loaded === null) return 2;
    const { config } = loaded;
    const { build, supervisor, print, complain, stopAsked, clock } = surroundings;
    const { version } = build;
    try {
      const logger = createLogger({ levels: parseLogLevels(config.logLevel), write: print, clock, pretty: surroundings.terminal() !== null });
      const gateway = await surroundings.startGateway({ config, logger, clock, version });
      print(greeting(gateway, config, version));
      await tell(supervisor.ready(), logger);
      if (!stopAsked.aborted) await once(stopAsked, "abort");
      await tell(supervisor.stopping(), logger);
      print("Stopping: no more jobs are taken. A second signal ends the process at once; no job is lost either way.\n");
      const onWaiting = (unfinished: Unfinished): void => print(waitingFor(unfinished, config.drainSeconds));
      await gateway.stop({ drainMs: config.drainSeconds * 1000, onWaiting });
      print("Stopped.\n");
      return 0;
    } catch (error) {
      complain(`${startFailure(error, config)}\n`);
      return 1;
    }
  },
};

/** A supervisor that cannot be told is no reason to stop serving. */
async function tell(told: Promise<void>, logger: Logger): Promise<void> {
  try {
    await told;
  } catch (error) {
    logger.error({ err: error }, "systemd could not be told how far the gateway is; with Type=notify it will end it");
  }
}

function waitingFor({ running, waiting }: Unfinished, drainSeconds: number): string {
  const parts = [...(running === 0 ? [] : [`${running} running`]), ...(waiting === 0 ? [] : [`${waiting} waiting in ComfyUI`])];
  return `Waiting up to ${drainSeconds} s for: ${parts.join(", ")}. What is not finished then goes on with the next start.\n`;
}

function startFailure(error: unknown, { host, port }: Config): string {
  if (hasSystemCode(error, "EADDRINUSE")) {
    return `Port ${port} on ${host} is in use by another program. Stop that one, or choose another port with --port or PORT.`;
  }
  if (hasSystemCode(error, "EACCES") && port > 0 && port < 1024) {
    return `This user may not listen on port ${port}. Choose one from 1024 up with --port or PORT.`;
  }
  if (hasSystemCode(error, "EADDRNOTAVAIL")) {
    return `${host} is not an address of this machine. Choose another with --host.`;
  }
  return `The gateway failed: ${failureText(error)}`;
}
