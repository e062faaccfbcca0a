import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CatalogFault } from "../catalog/catalog-fault.ts";
import { readCatalog, readCatalogText } from "../catalog/catalog-file.ts";
import { type ChosenCatalog, chooseCatalog } from "../codegen/choose-catalog.ts";
import { managerMaps } from "../codegen/dependencies-of.ts";
import { type Generated, type GenerateRequest, generateModule, type Planner } from "../codegen/generate.ts";
import { OpenRouterFailure } from "../codegen/openrouter/failure.ts";
import { generatedMark } from "../codegen/print/module.ts";
import { readSource, type Source } from "../codegen/source.ts";
import { difference } from "../codegen/update/difference.ts";
import { type ExistingModule, readExistingModule } from "../codegen/update/existing-module.ts";
import { askComfyui, ComfyuiFailure } from "../codegen/verify/ask-comfyui.ts";
import { AppError } from "../errors/app-error.ts";
import type { Command, ExitCode, Surroundings } from "./command.ts";
import { failureText } from "./failure.ts";
import { type GenerateArguments, readGenerateArguments } from "./generate/arguments.ts";
import { defaultDestination } from "./generate/destination.ts";
import { outcomeJson } from "./generate/outcome-json.ts";
import { outcomeText, shownPath } from "./generate/outcome-text.ts";
import type { Outcome } from "./generate/outcome.ts";
import { ProgressLine } from "./generate/progress-line.ts";
import { readIfThere, writeWhole } from "./whole-file.ts";

/** Something is in the way, said in words for the person at the terminal. */
class Refusal extends Error {}

/** Makes a reviewed TypeScript module of a file saved from ComfyUI. */
export const generate: Command = {
  name: "generate",
  summary: "Make a workflow module of a file saved from ComfyUI, with good names and a proof",

  help: () => `Usage: comfyui-api generate FILE [MODULE.ts] [--name=VALUE ...]

Reads a workflow saved from ComfyUI (JSON in either format, or an image, sound or video with the workflow
in it) and writes a TypeScript module: an endpoint with named, described and bounded fields. A language
model names things, through OpenRouter; the code is printed and proved here. Without MODULE.ts it goes to
workflows/, under the name that the plan gives it.

  --offline
      Ask no model: names and words come from rules. So it is without OPENROUTER_API_KEY too.
  --model=VALUE
      A model of OpenRouter, or up to three with commas, each standing in for the one before.
      Environment: OPENROUTER_MODEL.
  --time-limit=SECONDS
      For one answer of the model. Default: 180.
  --catalog=FILE
      What /object_info of the ComfyUI that is meant answers (.json or .json.gz). Default: the core nodes.
  --manager=FOLDER
      Where ComfyUI-Manager is installed: its lists tell which packs bring the nodes, and where models come from.
  --verify=URL
      Let the ComfyUI at URL look through the graph, without running it, and use its catalog.
  --update
      Keep names, words, ranges and options of a module that stands there, and show what changes.
  --force
      Overwrite a file that stands there.
  --dry-run
      Print the module on standard output and write nothing.
  --json
      Print one JSON object that tells everything.
  --allow
      Go on although parts of an export in GUI format cannot be converted exactly.

Environment: OPENROUTER_API_KEY, OPENROUTER_MODEL, OPENROUTER_BASE_URL, OPENROUTER_APP_URL.
Exit codes: 0 the module passed the whole proof, 1 it did not or something failed, 2 wrong use.
`,

  run: runGenerate,
};

/** What of its surroundings the command reaches. */
export type GenerateSurroundings = Pick<Surroundings, "env" | "print" | "complain" | "terminal" | "clock" | "build" | "stopAsked">;

export async function runGenerate(argv: readonly string[], surroundings: GenerateSurroundings): Promise<ExitCode> {
  const asked = readGenerateArguments(argv, surroundings);
  if (asked === null) return 2;
  try {
    return await generateOnce(asked, surroundings);
  } catch (error) {
    if (surroundings.stopAsked.aborted) return 130;
    const isExpected =
      error instanceof Refusal || error instanceof OpenRouterFailure || error instanceof ComfyuiFailure || error instanceof CatalogFault || error instanceof AppError;
    if (!isExpected) throw error;
    surroundings.complain(`${failureText(error)}\n`);
    return 1;
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Refusal(`${path} cannot be read.`, { cause: error });
  }
}

async function catalogFor(asked: GenerateArguments, signal: AbortSignal): Promise<ChosenCatalog> {
  if (asked.catalog === null) return chooseCatalog(asked.verify, signal);
  let text: string;
  try {
    text = await readCatalogText(asked.catalog);
  } catch (error) {
    if (error instanceof CatalogFault) throw error;
    throw new Refusal(`The catalog ${asked.catalog} cannot be read.`, { cause: error });
  }
  return { catalog: readCatalog(text).catalog, source: `the catalog ${asked.catalog}` };
}

/** The lists that ComfyUI-Manager keeps at the top of its folder. */
async function managerFolder(folder: string): Promise<ReturnType<typeof managerMaps>> {
  const texts = ["extension-node-map.json", "model-list.json", "custom-node-list.json"].map((name) => readIfThere(join(folder, name)));
  const [nodeMap = null, modelList = null, packList = null] = await Promise.all(texts);
  if (nodeMap === null && modelList === null && packList === null) throw new Refusal(`${folder} has none of the lists of ComfyUI-Manager.`);
  try {
    return managerMaps({ nodeMap, modelList, packList });
  } catch (error) {
    throw new Refusal(`A list of ComfyUI-Manager in ${folder} is not JSON.`, { cause: error });
  }
}

interface Standing {
  /** What stands where the module goes; null: nothing does, or it is not known yet. */
  readonly text: string | null;
  readonly module: ExistingModule | null;
}

/** Before anything is asked of a model: what is there may forbid it all. */
async function whatStands({ destination, update, force, dryRun }: GenerateArguments): Promise<Standing> {
  const text = destination === null ? null : await readIfThere(destination.path);
  if (destination === null || text === null) return { text: null, module: null };
  const shown = shownPath(destination.path);
  if (!update && !force && !dryRun) throw new Refusal(`${shown} is there already. --update keeps what was written into it by hand, --force overwrites it.`);
  if (!update) return { text, module: null };
  if (!text.startsWith(generatedMark) && !force) {
    throw new Refusal(`${shown} was not made by this command, and its code would be lost. --force with --update keeps its names and words alone.`);
  }
  try {
    return { text, module: await readExistingModule(destination.id, destination.path) };
  } catch (error) {
    throw new Refusal(failureText(error), { cause: error });
  }
}

function plannerFor({ openRouter }: GenerateArguments, { clock, stopAsked }: GenerateSurroundings, line: ProgressLine): Planner {
  if (openRouter === null) return { kind: "rules" };
  const [model = ""] = openRouter.models;
  const deps = {
    settings: openRouter,
    clock,
    signal: stopAsked,
    onProgress: (characters: number) => line.show(`Asking ${model} … ${characters} characters`),
    onNote: (note: string) => line.note(note),
  };
  return { kind: "model", chat: deps };
}

function refuseInexact(source: Source, { allow }: GenerateArguments): void {
  if (source.inexact.length === 0 || allow) return;
  const lines = source.inexact.map((line) => `  ${line}\n`).join("");
  throw new Refusal(
    `${source.file} cannot be converted exactly:\n${lines}Save it from ComfyUI with Export (API), name the right --catalog, or --allow what was guessed.`,
  );
}

async function generateOnce(asked: GenerateArguments, surroundings: GenerateSurroundings): Promise<ExitCode> {
  const { clock, build, stopAsked } = surroundings;
  const bytes = await readBytes(asked.file);
  const standing = await whatStands(asked);
  const chosen = await catalogFor(asked, stopAsked);
  const maps = asked.manager === null ? undefined : await managerFolder(asked.manager);
  const source = readSource(bytes, basename(asked.file), chosen.catalog, maps);
  refuseInexact(source, asked);
  const { verify } = asked;
  const liveCatalog = verify === null || asked.catalog === null ? chosen.catalog : (await chooseCatalog(verify, stopAsked)).catalog;
  const line = new ProgressLine(surroundings, !asked.json);
  const request: GenerateRequest = {
    source,
    catalog: chosen.catalog,
    id: asked.destination?.id ?? null,
    planner: plannerFor(asked, surroundings, line),
    existing: standing.module,
    date: new Date(clock.now()).toISOString().slice(0, 10),
    toolVersion: build.version,
    near: dirname(asked.destination?.path ?? defaultDestination("generated/module")),
    verify: verify === null ? null : (printed, endpoint) => askComfyui(verify, { graph: source.graph, catalog: liveCatalog, endpoint, lines: printed.lines }, stopAsked),
  };
  const generated = await generateModule(request).finally(() => line.clear());
  return finish(asked, surroundings, { source, generated, catalog: chosen.source, standing });
}

interface Made {
  readonly source: Source;
  readonly generated: Generated;
  readonly catalog: string;
  readonly standing: Standing;
}

/** Nothing that did not pass the whole proof is written. */
async function finish(asked: GenerateArguments, { print, complain }: GenerateSurroundings, { source, generated, catalog, standing }: Made): Promise<ExitCode> {
  const path = asked.destination?.path ?? defaultDestination(generated.endpoint.id);
  const { text } = generated.printed;
  const isWanted = generated.proof.passed && !asked.dryRun;
  // A file that has come to stand there meanwhile is left alone.
  const written = isWanted && (asked.force || asked.update || (await readIfThere(path)) === null);
  if (written) await writeWhole(path, text);
  const outcome: Outcome = {
    source,
    generated,
    catalog,
    path,
    written,
    difference: standing.text === null ? "" : difference(standing.text, text),
    offline: asked.offline,
  };
  if (asked.json) print(outcomeJson(outcome));
  else if (asked.dryRun) {
    // The module alone on standard output, so that it can be put into a file or a pager.
    print(text);
    complain(outcomeText(outcome));
  } else print(outcomeText(outcome));
  if (isWanted && !written) throw new Refusal(`${shownPath(path)} is there already. --update keeps what was written into it by hand, --force overwrites it.`);
  return generated.proof.passed ? 0 : 1;
}
