import type { Graph } from "../graph/graph.ts";
import { eventData } from "../job/event-data.ts";
import type { JobProgress, JobWarning } from "../job/job.ts";
import type { RecordedEvent } from "../job/job-store.ts";

/** @returns null for a node that the graph does not have, such as one that ComfyUI expanded */
export function nodeEvent(type: "node_started" | "node_finished", graph: Graph, nodeId: string): RecordedEvent | null {
  const node = graph[nodeId];
  if (node === undefined) return null;
  return { type, data: { node_id: nodeId, class_type: node.class_type, title: node._meta?.title ?? node.class_type } };
}

export function progressEvent({ percent, completedNodes, totalNodes, currentNode }: JobProgress): RecordedEvent {
  const current = currentNode === null ? null : { id: currentNode.id, class_type: currentNode.classType, title: currentNode.title, step: currentNode.step, steps: currentNode.steps };
  return { type: "progress", data: { percent, completed_nodes: completedNodes, total_nodes: totalNodes, current_node: current } };
}

export function warningEvent(warning: JobWarning): RecordedEvent {
  return { type: "warning", data: eventData.warning(warning) };
}
