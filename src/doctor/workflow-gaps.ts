import type { Catalog } from "../graph/catalog.ts";
import type { ComboSpec } from "../graph/catalog/input-spec.ts";
import { modelOf } from "../graph/dependencies/model-inputs.ts";
import { type Graph, isLink } from "../graph/graph.ts";
import type { JsonValue } from "../json/exact.ts";
import { isJsonArray } from "../workflow/json-value.ts";
import { nearestName } from "../errors/nearest-name.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Finding } from "./finding.ts";
import type { ManagerKnowledge } from "./pack-knowledge.ts";

export interface GapParams {
  readonly workflow: Workflow;
  /** Made of the workflow's example; null when it made none. */
  readonly graph: Graph | null;
  readonly catalog: Catalog;
  readonly manager: ManagerKnowledge;
}

/** What the host lacks for a workflow to run, each with what would fix it; empty when it lacks nothing. */
export function workflowGaps(params: GapParams): readonly Finding[] {
  return [...missingClasses(params), ...missingValues(params)];
}

function gap({ workflow }: GapParams, rest: Pick<Finding, "message" | "fix" | "url">): Finding {
  return { area: "workflow", subject: workflow.id, status: "failure", ...rest };
}

function missingClasses(params: GapParams): readonly Finding[] {
  const { workflow, graph, catalog, manager } = params;
  const needed = new Set([...workflow.metadata.requiredNodes, ...Object.values(graph ?? {}).map(({ class_type }) => class_type)]);
  return [...needed].filter((name) => !catalog.classes.has(name)).map((name) => {
    const packs = manager.packs.get(name) ?? [];
    const [pack] = packs;
    const url = packs.find((each) => /^https?:\/\//.test(each));
    const message = `ComfyUI has no node class ${name}`;
    if (pack === undefined) {
      const hint = manager.isThere ? "ComfyUI-Manager knows no pack that has it: is ComfyUI itself too old for it?" : "Install the pack that has it, or update ComfyUI; with ComfyUI-Manager installed, the pack would be named here.";
      return gap(params, { message, fix: hint });
    }
    const others = packs.length > 1 ? ` (others have a class of this name too: ${packs.slice(1, 5).join(", ")})` : "";
    return gap(params, { message, fix: `Install the pack ${pack} with ComfyUI-Manager and restart ComfyUI${others}`, ...(url === undefined ? {} : { url }) });
  });
}

interface Missing {
  readonly value: string;
  readonly model: { readonly folder: string | undefined } | null;
  /** `node 3, KSampler.sampler_name` */
  readonly place: string;
  readonly options: readonly string[];
}

function missingValues(params: GapParams): readonly Finding[] {
  const { workflow, graph, catalog } = params;
  const missing = missingOptions(graph ?? {}, catalog);
  const named = new Set(missing.filter(({ model }) => model !== null).map(({ value }) => value));
  const offered = new Set([...catalog.classes.values()].flatMap(({ inputs }) => inputs.flatMap(({ spec }) => (spec.kind === "combo" ? spec.options : []))));
  // What other inputs than the example's would load.
  const further = workflow.metadata.requiredModels.filter((name) => !named.has(name) && !offered.has(name) && !named.has(withOtherSlashes(name)));
  const models = [...new Map(missing.filter(({ model }) => model !== null).map((each) => [each.value, each])).values()];
  return [
    ...models.map((each) => modelGap(params, each.value, each.model?.folder, each.options)),
    ...further.map((name) => modelGap(params, name, undefined, [])),
    ...missing.filter(({ model }) => model === null).map((each) => optionGap(params, each)),
  ];
}

function missingOptions(graph: Graph, catalog: Catalog): readonly Missing[] {
  return Object.entries(graph).flatMap(([nodeId, { class_type, inputs }]) =>
    (catalog.classes.get(class_type)?.inputs ?? []).flatMap(({ name, spec }): Missing[] => {
      const value = inputs[name];
      if (value === undefined || value === null || isLink(value) || spec.kind !== "combo" || !isClosed(spec)) return [];
      const options = spec.options.filter((option) => typeof option === "string");
      return valuesOf(value, spec)
        .filter((each) => !spec.options.includes(each))
        .flatMap((each): Missing[] => {
          if (typeof each !== "string") return [];
          const model = modelOf(class_type, name, each, spec);
          // An empty list of something else than models is filled in by code that is not known here.
          if (model === undefined && options.length === 0) return [];
          return [{ value: each, model: model === undefined ? null : { folder: model.folder }, place: `node ${nodeId}, ${class_type}.${name}`, options }];
        });
    }),
  );
}

/** Files that callers send are brought along, and lists that are elsewhere cannot be looked at. */
function isClosed(spec: ComboSpec): boolean {
  return spec.upload === undefined && spec.remoteRoute === undefined;
}

function valuesOf(value: JsonValue, spec: ComboSpec): readonly JsonValue[] {
  return spec.multiselect && isJsonArray(value) ? value : [value];
}

function withOtherSlashes(name: string): string {
  return name.includes("\\") ? name.replaceAll("\\", "/") : name.replaceAll("/", "\\");
}

function baseName(name: string): string {
  return name.split(/[/\\]/).at(-1) ?? name;
}

function modelGap(params: GapParams, name: string, folder: string | undefined, options: readonly string[]): Finding {
  const message = `the model file ${name} is not there`;
  const moved = options.find((option) => baseName(option) === baseName(name));
  if (moved !== undefined) return gap(params, { message, fix: `It lies there as ${moved}: move it, or let the workflow name it so` });
  const { workflow, manager } = params;
  const listed = (manager.models.get(baseName(name).toLowerCase()) ?? []).find((model) => folder === undefined || model.folder === undefined || model.folder.startsWith(folder));
  const url = workflow.metadata.modelSources[name] ?? listed?.url;
  const place = `ComfyUI's models/${folder ?? listed?.folder ?? folderInUrl(url) ?? "… folder"}`;
  if (url === undefined) return gap(params, { message, fix: `Put it into ${place}; where it comes from is not known` });
  return gap(params, { message, fix: `Download it into ${place}`, url });
}

/** Repositories of Comfy-Org name the folder: `…/split_files/diffusion_models/x.safetensors`. */
function folderInUrl(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /\/split_files\/([a-z_]+)\//.exec(url)?.[1];
}

function optionGap(params: GapParams, { value, place, options }: Missing): Finding {
  const meant = nearestName(value, options);
  const some = options.length > 8 ? `${options.slice(0, 8).join(", ")}, …` : options.join(", ");
  return gap(params, { message: `${place} has no option ${value} here`, fix: meant === null ? `Options: ${some}` : `Did it mean ${meant}? Otherwise update ComfyUI or the pack` });
}
