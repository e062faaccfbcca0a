/** The pack that brings a class, as the export itself says. */
export interface PackHint {
  /** Its id in the registry of ComfyUI. */
  readonly registryId?: string;
  /** `user/repository` on GitHub. */
  readonly repository?: string;
  readonly version?: string;
}

/**
 * What became of one node.
 * - `converted`: it is in the graph, with every value as the export has it
 * - `virtual`: it exists in the front end only (a note, a reroute, an instance of a subgraph that was expanded)
 * - `muted`, `bypassed`: switched off in the front end, so it is not in the graph
 * - `missing_class`: the catalog does not know its class; what the export says of it is in the graph
 * - `ambiguous`: it is in the graph, but some of it may not be what the front end would send
 */
export type NodeOutcome = "converted" | "virtual" | "muted" | "bypassed" | "missing_class" | "ambiguous";

/** A reason why a graph may not be what the front end would send. */
export interface ConversionProblem {
  readonly kind: "missing_class" | "ambiguous" | "dropped";
  /** Execution id: `12`, or `5:12` for node 12 in instance 5 of a subgraph. */
  readonly nodeId: string;
  readonly classType: string;
  readonly input?: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
  readonly pack?: PackHint;
}

export interface NodeReport {
  readonly nodeId: string;
  readonly classType: string;
  readonly title?: string;
  readonly outcome: NodeOutcome;
  /** Inputs that the export has no value for, newer than it; they have the class's default, as in the front end. */
  readonly defaulted: readonly string[];
  /** Inputs whose value is not among the options of this catalog: a model that is not here, or another version. */
  readonly unlisted: readonly string[];
  /** Inputs whose text the front end would rewrite when it queues: `%date:…%`, `%Node.widget%`, `{a|b}`. */
  readonly rewritable: readonly string[];
}

export interface ConversionReport {
  /** Nothing was guessed and nothing was dropped: `problems` is empty. */
  readonly exact: boolean;
  readonly problems: readonly ConversionProblem[];
  readonly nodes: readonly NodeReport[];
}
