import type { Command, ExitCode, Surroundings } from "./command.ts";
import { helpFor, unknownCommand } from "./help.ts";
import { serve } from "./serve.ts";
import { version } from "./version.ts";

/** By name. Each is loaded when it is asked for: together they bring with them half of the program. */
const others: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["workflows", async () => (await import("./workflows.ts")).workflows],
  ["convert", async () => (await import("./convert.ts")).convert],
  ["generate", async () => (await import("./generate.ts")).generate],
  ["jobs", async () => (await import("./jobs.ts")).jobs],
  ["keys", async () => (await import("./keys.ts")).keys],
  ["health", async () => (await import("./health.ts")).health],
  ["doctor", async () => (await import("./doctor.ts")).doctor],
  ["service", async () => (await import("./service-unit.ts")).service],
  ["config", async () => (await import("./config.ts")).config],
]);

async function allCommands(): Promise<readonly Command[]> {
  const commands = [serve, ...(await Promise.all([...others.values()].map((load) => load()))), version];
  return [...commands, helpFor(commands)];
}

/**
 * Runs the one command that the arguments name. No command, or flags alone, is `serve`.
 *
 * @param argv without the program itself
 */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const [first] = argv;
  if (first === "--version" || first === "-V") return version.run([], surroundings);
  const asksForHelp = first === "--help" || first === "-h";
  if (first === undefined || (first.startsWith("-") && !asksForHelp)) return runOrExplain(serve, argv, surroundings);
  const command = await commandOf(asksForHelp ? "help" : first);
  if (command === null) {
    surroundings.complain(unknownCommand(first, await allCommands()));
    return 2;
  }
  return asksForHelp ? command.run([], surroundings) : runOrExplain(command, argv.slice(1), surroundings);
}

async function commandOf(name: string): Promise<Command | null> {
  if (name === serve.name) return serve;
  const load = others.get(name);
  if (load !== undefined) return load();
  return (await allCommands()).find((command) => command.name === name) ?? null;
}

async function runOrExplain(command: Command, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  if (argv.includes("--help") || argv.includes("-h")) {
    surroundings.print(command.help());
    return 0;
  }
  return command.run(argv, surroundings);
}
