import type { BrokenWorkflow, Workflow } from "./workflow.ts";

/** What discovery found, at one moment. */
export interface WorkflowSet {
  readonly workflows: readonly Workflow[];
  readonly broken: readonly BrokenWorkflow[];
}

/** The workflows that are served. One owner, replaced as a whole. */
export class WorkflowRegistry {
  #byId: ReadonlyMap<string, Workflow> = new Map();
  #broken: readonly BrokenWorkflow[] = [];
  #version = 0;

  constructor(set: WorkflowSet = { workflows: [], broken: [] }) {
    this.replace(set);
  }

  replace(set: WorkflowSet): void {
    this.#byId = new Map([...set.workflows].sort((a, b) => (a.id < b.id ? -1 : 1)).map((workflow) => [workflow.id, workflow]));
    this.#broken = set.broken;
    this.#version += 1;
  }

  /** Changes with each replacement: a key for what is computed from the set. */
  get version(): number {
    return this.#version;
  }

  find(id: string): Workflow | undefined {
    return this.#byId.get(id);
  }

  /** By id. */
  list(): readonly Workflow[] {
    return [...this.#byId.values()];
  }

  broken(): readonly BrokenWorkflow[] {
    return this.#broken;
  }
}
