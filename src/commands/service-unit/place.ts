import { join } from "node:path";

/** The unit, its user and its folders all have this name. */
export const serviceName = "comfyui-api";

/** Where the parts of the service lie, as the service sees them. */
export const places = {
  executable: `/usr/local/bin/${serviceName}`,
  unit: `/etc/systemd/system/${serviceName}.service`,
  user: `/etc/sysusers.d/${serviceName}.conf`,
  settings: `/etc/${serviceName}`,
  config: `/etc/${serviceName}/config.yml`,
  workflows: `/etc/${serviceName}/workflows`,
  data: `/var/lib/${serviceName}`,
} as const;

/** The same place below `root`, which is `/` but for images of other machines. */
export function below(root: string, place: string): string {
  return join(root, place);
}
