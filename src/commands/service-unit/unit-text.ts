import type { Config } from "../../config/config.ts";
import { places, serviceName } from "./place.ts";
import type { SystemdFeatures } from "./systemd-features.ts";

export interface UnitParams {
  readonly config: Config;
  readonly user: string;
  readonly features: SystemdFeatures;
}

/** Beyond drain_seconds: ending webhooks takes 3 s, closing the database and the sockets less than that. */
const stopMarginSeconds = 20;
/** Ports that only root may listen on, or who has this capability. */
const firstFreePort = 1024;
/** Folders that ProtectHome hides. */
const homes = /^\/(home|root|run\/user)(\/|$)/;

/** The unit file of the service. Paths in the configuration must be absolute. */
export function unitText({ config, user, features }: UnitParams): string {
  const { program, credentials } = startLine(config, features);
  return `# Written by \`comfyui-api service install\`, which writes it anew. Changes of your own: systemctl edit ${serviceName}
[Unit]
Description=comfyui-api, HTTP endpoints for ComfyUI workflows
Wants=network-online.target
After=network-online.target
# Tried again for ever: nobody watches a GPU host at night.
StartLimitIntervalSec=0

[Service]
${features.notify ? "Type=notify\n# systemd-notify tells systemd for the executable.\nNotifyAccess=all" : "Type=exec"}
ExecStart=${program}
${credentials.map((line) => `${line}\n`).join("")}User=${user}
Group=${user}
StateDirectory=${serviceName}
StateDirectoryMode=0750
WorkingDirectory=${places.data}
UMask=0077
# Meant for other programs, and read by this one's Node.js.
UnsetEnvironment=NODE_OPTIONS

Restart=always
RestartSec=2
# 2 is a wrong configuration: another start would find the same.
RestartPreventExitStatus=2
TimeoutStartSec=120
# Running jobs have drain_seconds = ${config.drainSeconds} to end.
TimeoutStopSec=${config.drainSeconds + stopMarginSeconds}
KillMode=mixed

# Idle it takes some 110 MB; a leak must not take ComfyUI with it.
MemoryHigh=3G
MemoryMax=4G
TasksMax=256
# Each caller that waits and each watcher holds a socket.
LimitNOFILE=65536
LimitCORE=0

NoNewPrivileges=yes
${capabilities(config)}
ProtectSystem=strict
${folders(config)}
PrivateTmp=yes
PrivateMounts=yes
# nvidia-smi tells of the GPU; nothing else of the hardware is asked.
DevicePolicy=closed
DeviceAllow=char-nvidia* rw
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# No MemoryDenyWriteExecute: Node.js compiles at run time.

[Install]
WantedBy=multi-user.target
`;
}

interface StartLine {
  readonly program: string;
  /** Lines that hand files of root's over to the service. */
  readonly credentials: readonly string[];
}

function startLine({ apiKeysFile }: Config, { credentials }: SystemdFeatures): StartLine {
  if (!credentials) return { program: `${places.executable} serve --config ${places.config}`, credentials: [] };
  const keys = apiKeysFile === null ? "" : " --api-keys-file ${CREDENTIALS_DIRECTORY}/api-keys.yml";
  return {
    program: `${places.executable} serve --config \${CREDENTIALS_DIRECTORY}/config.yml${keys}`,
    credentials: [
      "# Read by root and handed over, so that the files themselves stay closed to everybody.",
      `LoadCredential=config.yml:${places.config}`,
      ...(apiKeysFile === null ? [] : [`LoadCredential=${inUnit(`api-keys.yml:${apiKeysFile}`)}`]),
    ],
  };
}

function capabilities({ port }: Config): string {
  const needed = port > 0 && port < firstFreePort ? "CAP_NET_BIND_SERVICE" : "";
  return `CapabilityBoundingSet=${needed}\nAmbientCapabilities=${needed}`;
}

/** What the service may write beside its own folder, and what it may see of people's homes. Those that are absent (`-`) may come later. */
function folders({ dataDir, comfyuiOutputDir, workflowsDir, catalogFile }: Config): string {
  const written = [...(dataDir === places.data ? [] : [dataDir]), ...(comfyuiOutputDir === null ? [] : [comfyuiOutputDir])];
  const read = [workflowsDir, catalogFile].filter((path) => path !== null);
  const lines = written.filter((path) => !homes.test(path)).map((path) => `ReadWritePaths=${inUnit(`-${path}`)}`);
  const inHomes = [
    ...written.filter((path) => homes.test(path)).map((path) => `BindPaths=${inUnit(`-${path}`)}`),
    ...read.filter((path) => homes.test(path)).map((path) => `BindReadOnlyPaths=${inUnit(`-${path}`)}`),
  ];
  return [...lines, inHomes.length === 0 ? "ProtectHome=yes" : "ProtectHome=tmpfs", ...inHomes].join("\n");
}

/** Paths of the configuration that a unit cannot name: `%`, `:`, quotes and backslashes have meanings of their own there. */
export function unnameablePaths({ dataDir, comfyuiOutputDir, workflowsDir, catalogFile, apiKeysFile }: Config): readonly string[] {
  return [dataDir, comfyuiOutputDir, workflowsDir, catalogFile, apiKeysFile].filter((path) => path !== null && /[^\w ./@+,=-]/.test(path)).map(String);
}

function inUnit(path: string): string {
  return path.includes(" ") ? `"${path}"` : path;
}

/** The file by which systemd-sysusers makes the service's user. */
export function userText(user: string): string {
  return `# Written by \`comfyui-api service install\`.\nu ${user} - "comfyui-api service" ${places.data} -\n`;
}
