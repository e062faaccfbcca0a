import { readFlags } from "../../config/read-flags.ts";
import { configFile, flagOf, settingList } from "../../config/settings.ts";
import type { Surroundings } from "../command.ts";
import { serviceName } from "./place.ts";

/** What all `service` commands understand. */
export interface ServiceRequest {
  /** `/`, or the root of an image that is being made: then no program of this host is told anything. */
  readonly root: string;
  readonly user: string;
  readonly switches: ReadonlySet<string>;
  /** Values of settings as they were typed, by name. */
  readonly settings: ReadonlyMap<string, string>;
  /** A file of settings to begin with. */
  readonly configFile: string | null;
}

/** As useradd takes it: no unit, and no shell, reads anything else into it. */
const userName = /^[a-z_][a-z0-9_-]{0,30}$/;

/** The arguments, or null after every problem of them was printed. */
export function readServiceRequest(
  argv: readonly string[],
  { complain }: Pick<Surroundings, "complain">,
  expects: { readonly switches: readonly string[]; readonly settings: boolean },
): ServiceRequest | null {
  const settings = expects.settings ? settingList : [];
  const kinds = [
    { name: "root" },
    { name: "user" },
    ...(expects.settings ? [{ name: configFile.name }] : []),
    ...settings.map(({ name, bare }) => ({ name: flagOf(name).slice(2), ...(bare === undefined ? {} : { bare }) })),
  ];
  const { values, switches, positionals, problems } = readFlags(argv, kinds, expects.switches, "service");
  const found = problems.map(({ setting, message }) => `${setting}: ${message}`);
  if (positionals.length > 0) found.push(`${positionals.join(" ")}: unexpected argument`);
  const user = values.get("user") ?? serviceName;
  if (!userName.test(user)) found.push("--user: not the name of a user; it begins with a small letter and holds small letters, digits, - and _");
  const root = values.get("root") ?? "/";
  if (!root.startsWith("/")) found.push("--root: must be an absolute path");
  if (found.length > 0) {
    complain(found.map((line) => `${line}\n`).join(""));
    return null;
  }
  const typed = settings.flatMap(({ name }): [string, string][] => {
    const value = values.get(flagOf(name).slice(2));
    return value === undefined ? [] : [[name, value]];
  });
  return { root, user, switches, settings: new Map(typed), configFile: values.get(configFile.name) ?? null };
}
