import type { Command, ExitCode, Surroundings } from "./command.ts";
import { config } from "./config.ts";
import { convert } from "./convert.ts";
import { doctor } from "./doctor.ts";
import { generate } from "./generate.ts";
import { health } from "./health.ts";
import { helpFor, unknownCommand } from "./help.ts";
import { jobs } from "./jobs.ts";
import { keys } from "./keys.ts";
import { serve } from "./serve.ts";
import { service } from "./service-unit.ts";
import { version } from "./version.ts";
import { workflows } from "./workflows.ts";

/**
 * Runs the one command that the arguments name. No command, or flags alone, is `serve`.
 *
 * @param argv without the program itself
 */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const others: readonly Command[] = [serve, workflows, convert, generate, jobs, keys, health, doctor, service, config, version];
  const help = helpFor(others);
  const commands = [...others, help];
  const [first] = argv;

  if (first === "--help" || first === "-h") return help.run([], surroundings);
  if (first === "--version" || first === "-V") return version.run([], surroundings);
  if (first === undefined || first.startsWith("-")) return runOrExplain(serve, argv, surroundings);
  const command = commands.find((each) => each.name === first);
  if (command === undefined) {
    surroundings.complain(unknownCommand(first, commands));
    return 2;
  }
  return runOrExplain(command, argv.slice(1), surroundings);
}

async function runOrExplain(command: Command, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  if (argv.includes("--help") || argv.includes("-h")) {
    surroundings.print(command.help());
    return 0;
  }
  return command.run(argv, surroundings);
}
