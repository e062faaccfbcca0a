import { once } from "node:events";
import type { Config } from "../config/config.ts";
import { flagsHelp } from "../config/settings-table.ts";
import { systemClock } from "../telemetry/clock.ts";
import { createLogger } from "../telemetry/logger.ts";
import type { Command } from "./command.ts";
import { readConfiguration } from "./configuration.ts";
import { failureText, hasSystemCode } from "./failure.ts";
import { greeting } from "./greeting.ts";

/** Runs the gateway until the process is asked to end. */
export const serve: Command = {
  name: "serve",
  summary: "Run the gateway (this is what happens when no command is named)",

  help: () => `Usage: comfyui-api serve [--name=VALUE ...]

Serves every workflow at POST /{family}/{name}. The first SIGTERM or SIGINT (Ctrl-C) lets running work
end in good order; the second ends the process at once.

Each setting is taken from its flag, else its environment variable, else the file, else its default:

${flagsHelp()}
`,

  async run(argv, surroundings) {
    const loaded = readConfiguration(argv, surroundings);
    if (loaded === null) return 2;
    const { config } = loaded;
    const { version, print, complain, stopAsked } = surroundings;
    try {
      const logger = createLogger(config.logLevel);
      const gateway = await surroundings.startGateway({ config, logger, clock: systemClock, version });
      print(greeting(gateway, config, version));
      if (!stopAsked.aborted) await once(stopAsked, "abort");
      print("Stopping. A second signal ends the process at once.\n");
      await gateway.stop();
      return 0;
    } catch (error) {
      complain(`${startFailure(error, config)}\n`);
      return 1;
    }
  },
};

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
