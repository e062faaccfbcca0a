import type { ConvertedNode } from "./convert-node.ts";
import { drawPrompt, fillFilename, isFilenamePattern, type TextRewriting, type WidgetLookup } from "./front-end-text.ts";

/** Rewrites in place what the front end rewrites when it queues: file names in every node, prompts where the class says so. */
export function rewriteTexts(nodes: readonly ConvertedNode[], rewriting: TextRewriting): void {
  const bySearchName = new Map<string, ConvertedNode>();
  for (const node of nodes.toReversed()) for (const name of node.names.toReversed()) bySearchName.set(name, node);
  const lookup: WidgetLookup = (name, widget) => bySearchName.get(name)?.literals.get(widget);
  for (const node of nodes) {
    const prefix = node.literals.get("filename_prefix");
    if (typeof prefix === "string" && isFilenamePattern(prefix)) node.literals.set("filename_prefix", fillFilename(prefix, rewriting.now, lookup));
    for (const key of node.dynamicPrompts) {
      const text = node.literals.get(key);
      if (typeof text === "string") node.literals.set(key, drawPrompt(text, rewriting.random));
    }
  }
}
