import { nearestName } from "../errors/nearest-name.ts";
import type { ExitCode, Surroundings } from "./command.ts";

/** What a command does under one of its verbs, with the arguments behind it. */
type Run = (argv: readonly string[], surroundings: Surroundings) => Promise<ExitCode>;

/** The verbs of a command, in the order in which they are told. */
export type Verbs = ReadonlyMap<string, Run>;

/** Does what the first argument says; ends with 2, and with what there is, when that is none of the verbs. */
export async function runVerb(command: string, verbs: Verbs, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const [verb, ...others] = argv;
  const run = verbs.get(verb ?? "");
  if (run !== undefined) return run(others, surroundings);
  surroundings.complain(unknownVerb(command, [...verbs.keys()], verb));
  return 2;
}

function unknownVerb(command: string, names: readonly string[], verb: string | undefined): string {
  if (verb === undefined) return `Say what to do: comfyui-api ${command} ${names.join("|")}.\n`;
  const meant = nearestName(verb, names);
  return `There is no command \`${command} ${verb}\`. ${meant === null ? `There are: ${names.join(", ")}.` : `Did you mean \`${command} ${meant}\`?`}\n`;
}
