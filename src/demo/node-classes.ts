import { conditioningNodes } from "./nodes/conditioning.ts";
import { imageNodes } from "./nodes/image.ts";
import { loadImageNodes } from "./nodes/load-image.ts";
import { loaderNodes } from "./nodes/loaders.ts";
import { mediaNodes } from "./nodes/media.ts";
import { provokingNodes } from "./nodes/provoking.ts";
import { samplingNodes } from "./nodes/sampling.ts";
import { saveImageNodes } from "./nodes/save-image.ts";
import { textNodes } from "./nodes/text.ts";
import type { NodeDefinition } from "./node-definition.ts";

/** Every class the stand-in knows, by name. */
export const nodeClasses: ReadonlyMap<string, NodeDefinition> = new Map(
  [loaderNodes, samplingNodes, conditioningNodes, imageNodes, loadImageNodes, saveImageNodes, mediaNodes, textNodes, provokingNodes]
    .flat()
    .map((definition) => [definition.name, definition]),
);
