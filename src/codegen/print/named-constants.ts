import type { Graph } from "../../graph/graph.ts";
import { snakeCase } from "../plan/words.ts";
import { Code, inline, block, type Printable } from "./literal.ts";

/** Names for the model files of well-known inputs; any other input names its own. */
const roles: Readonly<Record<string, string>> = {
  ckpt_name: "checkpoint",
  unet_name: "diffusion",
  model_name: "model",
  clip_name: "textEncoder",
  clip_name1: "textEncoder",
  clip_name2: "textEncoder",
  clip_name3: "textEncoder",
  clip_name4: "textEncoder",
  vae_name: "vae",
  lora_name: "lora",
  control_net_name: "controlNet",
  style_model_name: "styleModel",
  gligen_name: "gligen",
  upscale_model: "upscaler",
};

function camelCase(text: string): string {
  return snakeCase(text).replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** `base`, or `base2`, `base3`, … for the next of its kind. */
function unusedName(base: string, taken: ReadonlySet<string>): string {
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}${number}`;
  return name;
}

/** The model files of a graph, each with a name to call it by. */
export class ModelConstants {
  readonly #names: ReadonlyMap<string, string>;

  /** @param models file names as they stand in the graph */
  constructor(graph: Graph, models: readonly string[]) {
    const wanted = new Set(models);
    const names = new Map<string, string>();
    for (const node of Object.values(graph)) {
      for (const [input, value] of Object.entries(node.inputs)) {
        if (typeof value !== "string" || !wanted.has(value) || names.has(value)) continue;
        const base = roles[input] ?? (camelCase(input.replace(/_?name\d*$/, "")) || "model");
        names.set(value, unusedName(base, new Set(names.values())));
      }
    }
    this.#names = names;
  }

  /** `models.vae` for the file's name; the text itself where it is none of the models. */
  reference(value: string): Printable {
    const name = this.#names.get(value);
    return name === undefined ? value : new Code(`models.${name}`);
  }

  /** The statement, or null when there are none. */
  declaration(): string | null {
    if (this.#names.size === 0) return null;
    const entries = [...this.#names].map(([file, name]) => `  ${name}: ${inline(file)},`);
    return `const models = {\n${entries.join("\n")}\n} as const;`;
  }
}

/** Lists shorter than this stand in the field itself. */
const shortList = 5;

type Options = readonly (string | number | boolean)[];

/** Lists of options, each declared once however many fields offer it. */
export class OptionConstants {
  readonly #byList = new Map<string, { readonly name: string; readonly options: Options }>();

  /** @param field whose name the list gets when it is the first to use it */
  reference(field: string, options: Options): Printable {
    if (options.length < shortList) return [...options];
    const key = JSON.stringify(options);
    const known = this.#byList.get(key);
    if (known !== undefined) return new Code(known.name);
    const name = unusedName(`${camelCase(field)}Options`, new Set([...this.#byList.values()].map((list) => list.name)));
    this.#byList.set(key, { name, options });
    return new Code(name);
  }

  declarations(): readonly string[] {
    return [...this.#byList.values()].map(({ name, options }) => `const ${name} = ${block([...options], 0, name.length + 20)} as const;`);
  }
}
