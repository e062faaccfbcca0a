import { beside } from "../source/folder.ts";
import type { SourceProblem, TextPlace } from "../source/source-problem.ts";
import { readYamlSource, yamlProblems } from "../source/yaml-source.ts";
import { wrapperSchema, type WrapperShape } from "./wrapper-shape.ts";

/** A `.webui.yml`, read: which inputs there are, and what each changes in an export. */
export interface Wrapper {
  readonly id: string;
  readonly file: string;
  readonly shape: WrapperShape;
  /** Relative to the workflows folder. */
  readonly exportFile: string;
  placeOf(path: readonly PropertyKey[]): TextPlace;
}

interface WrapperText {
  readonly id: string;
  readonly file: string;
  readonly text: string;
}

function exportNameOf(name: string): string {
  return name.replace(/\.webui\.ya?ml$/, ".json");
}

export function readWrapper({ id, file, text }: WrapperText): Wrapper | readonly SourceProblem[] {
  const source = readYamlSource(file, text);
  if ("message" in source) return [source];
  const parsed = wrapperSchema.safeParse(source.value);
  if (!parsed.success) return yamlProblems(source, parsed.error);
  const shape = parsed.data;
  const placeOf = (path: readonly PropertyKey[]): TextPlace => source.placeOf(path);
  const problems: SourceProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { id: name, depends_on: dependency }] of shape.inputs.entries()) {
    if (seen.has(name)) problems.push({ file, place: placeOf(["inputs", index, "id"]), message: `There are two inputs ${name}` });
    seen.add(name);
    if (dependency !== undefined && dependency !== null && !shape.inputs.some((other) => other.id === dependency.field)) {
      problems.push({ file, place: placeOf(["inputs", index, "depends_on"]), message: `${name} depends on ${dependency.field}, which is no input` });
    }
  }
  const sections = new Set(shape.layout?.sections.map((section) => section.id));
  for (const [index, { id: name, section }] of shape.inputs.entries()) {
    if (section !== undefined && section !== null && sections.size > 0 && !sections.has(section)) {
      problems.push({ file, place: placeOf(["inputs", index, "section"]), message: `${name} stands in the section ${section}, which layout.sections lacks` });
    }
  }
  const exportFile = beside(file, shape.workflow_file ?? exportNameOf(file.slice(file.lastIndexOf("/") + 1)));
  if (exportFile === null) problems.push({ file, place: placeOf(["workflow_file"]), message: "workflow_file must name a file in the workflows folder, relative to this one" });
  return exportFile === null || problems.length > 0 ? problems : { id, file, shape, exportFile, placeOf };
}
