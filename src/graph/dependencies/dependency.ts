/** Who brings a class of node. */
export interface NodePack {
  /** Its id in Comfy's registry, or `owner/name` of its repository, or its folder below custom_nodes. */
  readonly id: string;
  /** Where that is known from: the export itself, ComfyUI-Manager's map, or the catalog of a ComfyUI that has it. */
  readonly source: "cnr_id" | "aux_id" | "manager-map" | "catalog";
  readonly repository?: string;
  /** As the export names it: a version of the registry or a commit. */
  readonly version?: string;
}

export interface NodeDependency {
  readonly class_type: string;
  /** `null`: nothing known names it; for a class of core also when nothing says which version has it. */
  readonly pack: NodePack | null;
  /** The repositories, or ids of packs, that have a class of this name, when there are several and nothing decides. `pack` is the first. */
  readonly ambiguous?: readonly string[];
  /** Comes with ComfyUI. */
  readonly core: boolean;
  /** The catalog has it. */
  readonly installed: boolean;
}

export interface ModelDependency {
  /** As the graph writes it, with its subfolder. */
  readonly name: string;
  /** Below ComfyUI's `models`: `checkpoints`; `null`: nothing says. */
  readonly folder: string | null;
  readonly nodeId: string;
  readonly input: string;
  /** `null`: unknown, or several. */
  readonly url: string | null;
  /** `sha256:…`, of the type that the export names. */
  readonly hash: string | null;
  /** Where `url` and `hash` come from. */
  readonly source: "properties" | "manager-list" | null;
  /** The URLs of different files of this name, when there are several and nothing decides. */
  readonly ambiguous?: readonly string[];
}

export interface Dependencies {
  /** Each class once, in the order of the graph. */
  readonly nodes: readonly NodeDependency[];
  /** Each file once for each input that names it. */
  readonly models: readonly ModelDependency[];
}
