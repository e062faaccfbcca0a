import { parseArgs } from "node:util";
import type { ConfigProblem } from "./config-error.ts";
import { nearestName } from "../errors/nearest-name.ts";

/** A flag that takes a value; `bare` is what it means without one, when it may stand alone. */
export interface FlagKind {
  /** Without dashes. */
  readonly name: string;
  readonly bare?: string;
}

export interface Flags {
  /** By name without dashes. Given twice, the last one counts. */
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  /** Arguments that are no flag and no flag's value, in order. */
  readonly positionals: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

/**
 * @param switches flags which take no value
 * @param command whose help lists the flags
 */
export function readFlags(argv: readonly string[], kinds: readonly FlagKind[], switches: readonly string[], command = "serve"): Flags {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  const values = new Map<string, string>();
  const switchesSeen = new Set<string>();
  const positionals: string[] = [];
  const problems: ConfigProblem[] = [];
  const complain = (written: string, message: string): void => {
    problems.push({ setting: written, origin: "command line", message });
  };

  // No flag is declared to parseArgs: it would hand `--demo --port 1` the value `--port`.
  const { tokens } = parseArgs({ args: [...argv], strict: false, allowPositionals: true, tokens: true });
  const taken = new Set<number>();
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "positional") {
      if (!taken.has(at)) positionals.push(token.value);
      continue;
    }
    if (token.kind === "option-terminator") continue;
    const kind = byName.get(token.name);
    const next = tokens[at + 1];
    const follower = token.value === undefined && next?.kind === "positional" && next.index === token.index + 1 ? next : undefined;
    if (token.rawName === `--${token.name}` && kind !== undefined) {
      if (token.value !== undefined) {
        values.set(kind.name, token.value);
      } else if (follower !== undefined) {
        taken.add(at + 1);
        values.set(kind.name, follower.value);
      } else if (kind.bare !== undefined) {
        values.set(kind.name, kind.bare);
      } else {
        complain(token.rawName, `needs a value: ${token.rawName}=VALUE`);
      }
    } else if (token.rawName === `--${token.name}` && switches.includes(token.name)) {
      if (token.value === undefined) switchesSeen.add(token.name);
      else complain(token.rawName, "takes no value");
    } else {
      // What follows was meant as its value: one mistake, one problem.
      if (follower !== undefined) taken.add(at + 1);
      const meant = nearestName(token.name, [...byName.keys(), ...switches]);
      const advice = meant === null ? `\`comfyui-api ${command} --help\` lists all of them` : `did you mean --${meant}?`;
      complain(token.rawName, `unknown flag; ${advice}`);
    }
  }
  return { values, switches: switchesSeen, positionals, problems };
}
