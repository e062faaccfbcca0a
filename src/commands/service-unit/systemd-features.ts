import type { RunProgram } from "../../executable/run-program.ts";

/** What the host's systemd can do for the service. */
export interface SystemdFeatures {
  /** `Type=notify` through systemd-notify: since 246 that waits until its message is taken; before, one could be lost. */
  readonly notify: boolean;
  /** `LoadCredential=`: since 247. Without it, files of the service must be readable by its user. */
  readonly credentials: boolean;
}

const notifySince = 246;
const credentialsSince = 247;

/** Of Debian 11 and Ubuntu 22.04 and all since, for a unit that is written where there is no systemd. */
export const usualFeatures: SystemdFeatures = { notify: true, credentials: true };

/** Whether systemd is installed and does not run: in a container, in a chroot. Its programs then fail one after the other. */
export async function isAsleep(run: RunProgram): Promise<boolean> {
  return (await run("systemctl", ["is-system-running"])).stdout.trim() === "offline";
}

/** null when the host has no systemd. */
export async function featuresOfHost(run: RunProgram): Promise<SystemdFeatures | null> {
  const [systemd, notifier] = await Promise.all([run("systemctl", ["--version"]), run("systemd-notify", ["--version"])]);
  const version = Number(/^systemd (\d+)/.exec(systemd.stdout)?.[1] ?? Number.NaN);
  if (systemd.code !== 0 || Number.isNaN(version)) return null;
  return { notify: notifier.code === 0 && version >= notifySince, credentials: version >= credentialsSince };
}
