import type { JsonValue } from "../json/exact.ts";

/** A part of a form with a heading. */
export interface FormSection {
  readonly id: string;
  readonly title: string;
  /** Shown closed at first. */
  readonly collapsed: boolean;
}

/** How one top-level input is shown. */
export interface FormField {
  /** Of the input, as in the schema. */
  readonly name: string;
  readonly label: string;
  /** Id of its section; null: before all sections. */
  readonly section: string | null;
  /** What it is filled in with: `textarea`, `slider`, `image`, … */
  readonly control: string;
  readonly unit?: string;
  readonly placeholder?: string;
  readonly rows?: number;
  /** What a select shows for each value. */
  readonly options?: readonly { readonly value: JsonValue; readonly label: string }[];
  /** Shown, and used, only while another input has one of these values. */
  readonly dependsOn?: { readonly field: string; readonly values: readonly JsonValue[] };
}

/** How a workflow's inputs are laid out for people, in order. */
export interface WorkflowForm {
  readonly sections: readonly FormSection[];
  readonly fields: readonly FormField[];
}
