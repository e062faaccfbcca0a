import type { Command } from "./command.ts";
import { GatewayClient, GatewayRefusal, GatewayUnreachable } from "./jobs/gateway-client.ts";
import { readJobsArguments } from "./jobs/arguments.ts";

/** A gateway that has not answered by then is as good as dead. Docker's own limit for a health check is 30 s. */
const timeoutMs = 10_000;
/** The gateway lives and asks who calls: the routes of a process can be closed to strangers. */
const closedStatuses: readonly number[] = [401, 403];

/** For supervisors that can run a program and not send a request: Docker, Kubernetes, systemd. */
export const health: Command = {
  name: "health",
  summary: "Ask a running gateway whether it lives, for health checks",

  help: () => `Usage: comfyui-api health [--url=VALUE] [--ready]

Ends with 0 when the gateway answers and with 1 when it does not within ${timeoutMs / 1000} s.

  --url=VALUE
      The gateway. Environment: COMFYUI_API_URL. Default: http://127.0.0.1:3000.
  --api-key=VALUE
      For a gateway with API keys that has these paths closed. Environment: COMFYUI_API_KEY.
  --ready
      Ask whether it is ready as well: its data directory writable, ComfyUI answering.
`,

  async run(argv, surroundings) {
    const ready = argv.includes("--ready");
    const asked = readJobsArguments(argv.filter((each) => each !== "--ready"), surroundings, { flags: [], ids: "none", command: "health" });
    if (asked === null) return 2;
    const { clock, stopAsked, print, complain } = surroundings;
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort(new GatewayUnreachable(`${asked.url} has not answered for ${timeoutMs / 1000} s.`)));
    const client = new GatewayClient(asked, AbortSignal.any([stopAsked, late.signal]));
    try {
      await client.get(ready ? "/ready" : "/health");
    } catch (error) {
      if (stopAsked.aborted) return 130;
      const lives = error instanceof GatewayRefusal && !ready && closedStatuses.includes(error.status);
      if (!lives) {
        if (!(error instanceof GatewayRefusal || error instanceof GatewayUnreachable)) throw error;
        complain(`${error.message}\n`);
        return 1;
      }
    } finally {
      timer.cancel();
    }
    print(ready ? "ready\n" : "lives\n");
    return 0;
  },
};
