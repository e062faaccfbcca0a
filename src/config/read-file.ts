import { parseDocument } from "yaml";
import { z } from "zod";
import type { ConfigProblem } from "./config-error.ts";
import { nearestName } from "../errors/nearest-name.ts";

export interface FileValues {
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly ConfigProblem[];
}

const mapping = z.union([z.null().transform(() => ({})), z.record(z.string(), z.unknown())]);

/**
 * Reads the text of a configuration file: YAML, and so JSON too.
 *
 * @param names the keys there are
 */
export function readFileValues(text: string, path: string, names: readonly string[]): FileValues {
  const bad = (setting: string, message: string): ConfigProblem => ({ setting, origin: path, message });
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    return { values: new Map(), problems: document.errors.map((error) => bad("config", error.message.split("\n")[0] ?? "not valid YAML")) };
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // Aliases that lead nowhere, or multiply without end, show only here.
    return { values: new Map(), problems: [bad("config", error instanceof Error ? error.message : String(error))] };
  }
  const parsed = mapping.safeParse(content);
  if (!parsed.success) return { values: new Map(), problems: [bad("config", "must hold `name: value` lines")] };
  const values = new Map(Object.entries(parsed.data));
  const problems = [...values.keys()]
    .filter((key) => !names.includes(key))
    .map((key) => {
      const meant = nearestName(key.replaceAll("-", "_"), names);
      return bad(key, `unknown key${meant === null ? `; the keys are ${names.join(", ")}` : `; did you mean ${meant}?`}`);
    });
  return { values, problems };
}
