import { mkdir, realpath } from "node:fs/promises";
import { existsSync } from "node:fs";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { Config } from "../../config/config.ts";
import type { ExitCode, Surroundings } from "../command.ts";
import { readIfThere, writeWhole } from "../whole-file.ts";
import { configText } from "./config-text.ts";
import { copyWhole } from "./copy-whole.ts";
import { below, places, serviceName } from "./place.ts";
import { readServiceRequest, type ServiceRequest } from "./request.ts";
import { featuresOfHost, isAsleep, type SystemdFeatures, usualFeatures } from "./systemd-features.ts";
import { unitText, unnameablePaths, userText } from "./unit-text.ts";

/** What is to be installed, all of it checked. */
interface Plan {
  readonly request: ServiceRequest;
  readonly features: SystemdFeatures;
  readonly config: Config;
  readonly texts: { readonly config: string; readonly unit: string; readonly user: string };
}

/** Reasons to do nothing at all. */
class Refusal extends Error {}

export async function installService(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const request = readServiceRequest(argv, surroundings, { switches: ["dry-run", "no-start"], settings: true });
  if (request === null) return 2;
  const { print, complain } = surroundings;
  try {
    const plan = await makePlan(request, surroundings);
    if (request.switches.has("dry-run")) {
      print(plan.texts.unit);
      return 0;
    }
    await writeFiles(plan, surroundings);
    if (request.root === "/") await tellSystemd(plan, surroundings);
    else print(`The service is in ${request.root}. There, its user is made and the service enabled by: systemd-sysusers && systemctl enable ${serviceName}\n`);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      complain(`The service would not start with these settings:\n${error.problems.map(({ setting, origin, message }) => `  ${setting} (${origin}): ${message}`).join("\n")}\n`);
      return 2;
    }
    if (!(error instanceof Refusal)) throw error;
    complain(`${error.message}\n`);
    return 1;
  }
}

/** @throws {Refusal | ConfigError} */
async function makePlan(request: ServiceRequest, { runProgram, readFile, isRoot, executable }: Surroundings): Promise<Plan> {
  const isHere = request.root === "/";
  const isDry = request.switches.has("dry-run");
  const features = isHere ? await featuresOfHost(runProgram) : usualFeatures;
  if (!isDry) {
    // Before anything is written.
    if (features === null || (isHere && (await isAsleep(runProgram)))) throw new Refusal("This machine is not run by systemd. In a container, start the executable itself: see Dockerfile.binary.");
    if (isHere && !isRoot) throw new Refusal("Installing a service is for root: try sudo. --dry-run shows the unit to anybody.");
    if (executable === null) throw new Refusal("The service runs the executable: make it with `npm run build-binary`, and let that install itself.");
  }
  const before = request.configFile === null ? await readIfThere(below(request.root, places.config)) : readFile(request.configFile);
  const config = configText(before, request.settings);
  // The service has an environment of its own, so that nothing of this one counts.
  const loaded = loadConfig({ argv: ["--config", places.config], env: {}, readFile: () => config }).config;
  const unnameable = unnameablePaths(loaded);
  if (unnameable.length > 0) throw new Refusal(`systemd cannot be told of ${unnameable.join(", ")}: use paths of letters, digits, spaces and . / _ @ + , = -`);
  const { user } = request;
  const unit = unitText({ config: loaded, user, features: features ?? usualFeatures });
  return { request, features: features ?? usualFeatures, config: loaded, texts: { config, unit, user: userText(user) } };
}

async function writeFiles({ request: { root }, texts }: Plan, { executable, print }: Surroundings): Promise<void> {
  const target = below(root, places.executable);
  if (executable !== null && (!existsSync(target) || (await realpath(target)) !== (await realpath(executable)))) {
    // The map first: an executable with the map of another would name wrong lines.
    if (existsSync(`${executable}.map`)) await copyWhole(`${executable}.map`, `${target}.map`, 0o644);
    await copyWhole(executable, target, 0o755);
    print(`wrote ${target}\n`);
  }
  await mkdir(below(root, places.workflows), { recursive: true, mode: 0o755 });
  for (const [place, text, mode] of [
    [places.user, texts.user, 0o644],
    // It may hold keys.
    [places.config, texts.config, 0o600],
    [places.unit, texts.unit, 0o644],
  ] as const) {
    await writeWhole(below(root, place), text, mode);
    print(`wrote ${below(root, place)}\n`);
  }
}

async function tellSystemd({ request, features, config }: Plan, { runProgram, print }: Surroundings): Promise<void> {
  const { user, switches } = request;
  const run = async (program: string, ...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await runProgram(program, args);
    if (code !== 0) throw new Refusal(`\`${[program, ...args].join(" ")}\` failed: ${stderr.trim()}`);
  };
  await run("systemd-sysusers", places.user);
  if (config.dataDir !== places.data) await run("install", "-d", "-o", user, "-g", user, "-m", "750", config.dataDir);
  if (!features.credentials) {
    await run("chown", `root:${user}`, places.config, ...(config.apiKeysFile === null ? [] : [config.apiKeysFile]));
    await run("chmod", "640", places.config, ...(config.apiKeysFile === null ? [] : [config.apiKeysFile]));
  }
  await run("systemctl", "daemon-reload");
  await run("systemctl", "enable", serviceName);
  if (switches.has("no-start")) {
    print(`Enabled. Start it with: systemctl start ${serviceName}\n`);
    return;
  }
  // Which waits for running jobs, as long as drain_seconds says, and leaves the waiting ones in the queue.
  await run("systemctl", "restart", serviceName);
  print(`Started. See how it does: comfyui-api service status; journalctl -u ${serviceName}; comfyui-api doctor --config ${places.config}\n`);
}
