import type { Command } from "./command.ts";
import { installService } from "./service-unit/install.ts";
import { places } from "./service-unit/place.ts";
import { serviceStatus } from "./service-unit/status.ts";
import { uninstallService } from "./service-unit/uninstall.ts";
import { runVerb, type Verbs } from "./verbs.ts";

const verbs: Verbs = new Map([
  ["install", installService],
  ["status", serviceStatus],
  ["uninstall", uninstallService],
]);

/** Makes the gateway a service of systemd, which starts with the machine. */
export const service: Command = {
  name: "service",
  summary: "Install the gateway as a service of systemd, see how it does, take it away",

  help: () => `Usage: comfyui-api service install [--dry-run] [--no-start] [--name=VALUE ...]
       comfyui-api service status [--json]
       comfyui-api service uninstall [--purge] [--dry-run]

\`install\` copies this executable to ${places.executable}, keeps the settings that are named here in
${places.config}, makes a user for the service, and starts it now and with the machine.
Run it again to upgrade, or with other settings: those named before stay, and no job is lost. The
environment of the one who installs does not count. Settings are those of \`comfyui-api serve --help\`.
\`uninstall\` leaves settings, workflows and jobs where they are unless it is told --purge.
\`status\` ends with 0 when the service runs.

  --dry-run
      Print the unit, or what would be removed, and change nothing.
  --no-start
      Start it with the machine, but not now.
  --config=FILE
      Begin with the settings of this file.
  --user=NAME
      Who the service runs as; made when absent. Default: comfyui-api.
  --root=DIR
      Write below this folder, for an image that is being made, and tell this machine's systemd nothing.
  --purge
      Remove settings, workflows, jobs and outputs as well.
`,

  async run(argv, surroundings) {
    return runVerb("service", verbs, argv, surroundings);
  },
};
