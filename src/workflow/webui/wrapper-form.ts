import type { FormField, WorkflowForm } from "../form.ts";
import { isJsonArray } from "../json-value.ts";
import type { WrapperInput, WrapperShape } from "./wrapper-shape.ts";

function formField(input: WrapperInput): FormField {
  const { id, label, section, type, unit, placeholder, rows, options, depends_on: dependency } = input;
  return {
    name: id,
    label: label ?? id,
    section: section ?? null,
    control: type,
    ...(unit === undefined ? {} : { unit }),
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(rows === undefined ? {} : { rows }),
    ...(options === undefined ? {} : { options }),
    ...(dependency === undefined || dependency === null
      ? {}
      : { dependsOn: { field: dependency.field, values: isJsonArray(dependency.value) ? dependency.value : [dependency.value] } }),
  };
}

export function wrapperForm({ layout, inputs }: WrapperShape): WorkflowForm {
  const sections = layout?.sections ?? [];
  return {
    sections: sections.map(({ id, title, collapsed }) => ({ id, title: title ?? id, collapsed })),
    fields: inputs.map(formField),
  };
}
