import type { GraphInput, ParameterRole, ParameterSource, ParameterType } from "./parameter.ts";

/** An input of the graph that may become a parameter, before names are given and equal ones are joined. */
export interface Candidate {
  readonly role: ParameterRole;
  readonly source: ParameterSource;
  /** The name it gets unless it is taken. */
  readonly name: string;
  /** The name is only what its node happens to be called: that of its role is better. */
  readonly weakName?: boolean;
  readonly target: GraphInput;
  /** The input that the value ends up in, when `target` is a node that only holds the value. */
  readonly feeds?: GraphInput | undefined;
  readonly description?: string | undefined;
  /** Overrides the catalog: an image of which only the alpha channel is used is a mask. */
  readonly type?: ParameterType | undefined;
  /** Candidates with the same key, type and default become one parameter; `undefined`: stays alone. */
  readonly joins?: string | undefined;
}
