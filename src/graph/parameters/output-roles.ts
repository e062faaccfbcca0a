import type { Candidate } from "./candidate.ts";
import type { Wiring } from "./wiring.ts";

/** The names that save nodes give their files; previews have none. */
export function findPrefixes(wiring: Wiring): Candidate[] {
  return wiring.reachable.flatMap((nodeId) =>
    wiring.literals(nodeId).flatMap((literal): Candidate[] => {
      const ends = wiring.classOf(nodeId)?.outputNode ?? wiring.consumers(nodeId).length === 0;
      if (!ends || literal.input !== "filename_prefix" || typeof literal.value !== "string") return [];
      return [{ role: "filename_prefix", source: "link", name: "filename_prefix", target: { nodeId, input: literal.input }, joins: "filename_prefix" }];
    }),
  );
}
