import type { Graph } from "./graph.ts";

/** Whether a prefix may lead out of the output folder, or is spelled for another system. */
function leadsOut(prefix: string): boolean {
  return prefix.startsWith("/") || prefix.includes("\\") || /^[A-Za-z]:/.test(prefix) || prefix.split("/").includes("..");
}

/** Node ids come from callers and may hold anything, `/` and `..` too. */
function asFileName(nodeId: string): string {
  return nodeId.replace(/[^A-Za-z0-9_-]/g, "_");
}

/**
 * Gives a run a folder of its own below ComfyUI's output folder, so that no two runs count up the same file names:
 * every input named `filename_prefix` becomes `<prefix>/<its own prefix>`, whatever the class of its node. A prefix
 * that is linked, is not text, or would lead out of the output folder (confine.ts refuses those of callers at the door)
 * becomes `<prefix>/<node id>`.
 *
 * @param prefix relative, with `/`: `comfyui-api/<job id>`
 */
export function isolateOutputs(graph: Graph, prefix: string): Graph {
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => {
      const own = node.inputs["filename_prefix"];
      if (own === undefined) return [nodeId, node];
      const name = typeof own === "string" && own.trim() !== "" && !leadsOut(own) ? own : asFileName(nodeId);
      return [nodeId, { ...node, inputs: { ...node.inputs, filename_prefix: `${prefix}/${name}` } }];
    }),
  );
}
