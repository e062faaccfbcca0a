import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** systemd-notify waits until systemd has taken the message: an instant, but for a machine in great trouble. */
const timeoutMs = 10_000;

/** Whoever started this process and may want to know how far it is: systemd, when the unit says `Type=notify`. */
export interface Supervisor {
  /** Everything has started. */
  ready(): Promise<void>;
  /** The process will end, once its work has. */
  stopping(): Promise<void>;
}

/**
 * Speaks to systemd when the environment names its socket (sd_notify(3)), and to nobody otherwise. Node.js has no
 * datagram sockets of the Unix kind, so systemd's own program sends for us; the unit must have `NotifyAccess=all`.
 *
 * Rejects when the message cannot be sent.
 */
export function supervisorOf(env: Readonly<Record<string, string | undefined>>): Supervisor {
  const tell = async (message: string): Promise<void> => {
    if ((env["NOTIFY_SOCKET"] ?? "") !== "") await run("systemd-notify", [message], { env: { ...env }, timeout: timeoutMs });
  };
  return { ready: () => tell("READY=1"), stopping: () => tell("STOPPING=1") };
}
