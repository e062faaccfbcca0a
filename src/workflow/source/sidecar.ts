import { z } from "zod";
import { nearestName } from "../../errors/nearest-name.ts";
import type { Workflow } from "../workflow.ts";
import type { SourceProblem } from "./source-problem.ts";
import { readYamlSource, yamlProblems } from "./yaml-source.ts";

const text = z.string({ error: "must be text" }).trim().min(1, { error: "must not be empty" });
const amount = z.number({ error: "must be a number of seconds" }).min(0, { error: "must not be negative" });

/** What people are told of a workflow beyond its summary; in sidecars and in wrappers alike. */
export const presentationShape = {
  /** A picture: a path below the workflows folder, or an address. */
  thumbnail: text.nullish(),
  tags: z.array(text, { error: "must be a list of words" }).optional(),
  /** `24GB`: free text, for whoever chooses a GPU. */
  vram_estimate: z.union([text, z.number()], { error: "must be text such as 24GB" }).optional(),
  /** Of one run, in seconds. */
  time_estimate: z
    .union([amount, text, z.strictObject({ min: amount.optional(), max: amount.optional(), note: text.optional() })], {
      error: "must be a number of seconds, text, or an object of min, max (seconds) and note",
    })
    .optional(),
};

const sidecarShape = { summary: text.optional(), description: text.optional(), ...presentationShape };

const sidecarSchema = z.strictObject(sidecarShape, {
  error: (issue) => {
    if (issue.code !== "unrecognized_keys") return issue.code === "invalid_type" ? "must be an object: summary: …, description: …" : undefined;
    const [key = ""] = issue.keys;
    const names = Object.keys(sidecarShape);
    const nearest = nearestName(key, names);
    return nearest === null ? `is not known here; known are ${names.join(", ")}` : `is not known here; did you mean ${nearest}?`;
  },
});

export interface Sidecar {
  /** What it says of the workflow, put over what the workflow says itself. */
  apply(workflow: Workflow): Workflow;
}

/** The `metadata` that a presentation becomes: only what was written. */
export function presentationOf(said: z.infer<z.ZodObject<typeof presentationShape>>): Readonly<Record<string, unknown>> {
  const { thumbnail, tags, vram_estimate, time_estimate } = said;
  return Object.fromEntries(Object.entries({ thumbnail: thumbnail ?? undefined, tags, vram_estimate, time_estimate }).filter(([, value]) => value !== undefined));
}

/** The `<name>.yml` beside a workflow file of any kind: what its author wants said about it. */
export function readSidecar(file: string, content: string): Sidecar | { readonly problems: readonly SourceProblem[] } {
  const source = readYamlSource(file, content);
  if ("message" in source) return { problems: [source] };
  const parsed = sidecarSchema.safeParse(source.value ?? {});
  if (!parsed.success) return { problems: yamlProblems(source, parsed.error) };
  const { summary, description } = parsed.data;
  const presentation = presentationOf(parsed.data);
  return {
    apply: (workflow) => ({
      ...workflow,
      summary: summary ?? workflow.summary,
      description: description ?? workflow.description,
      metadata: { ...workflow.metadata, ...presentation },
    }),
  };
}
