import type { JsonValue } from "../json/exact.ts";
import { NodeFailure } from "./node-failure.ts";
import { toPythonBool, toPythonFloat, toPythonInt, toPythonString } from "./python-conversion.ts";
import type { Latent, Mask, Raster, Value } from "./values.ts";

type Of<K extends Value["kind"]> = Extract<Value, { readonly kind: K }>;

function isKind<K extends Value["kind"]>(value: Value, kind: K): value is Of<K> {
  return value.kind === kind;
}

/** The arguments of one call of a node, by input name. A value of the wrong kind is the node's own failure, as in Python. */
export class NodeInputs {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  value(name: string): Value | undefined {
    return this.#values.get(name);
  }

  #need<K extends Value["kind"]>(name: string, kind: K): Of<K> {
    const value = this.#values.get(name);
    if (value !== undefined && isKind(value, kind)) return value;
    throw new NodeFailure("AttributeError", `input '${name}' is not of kind ${kind}`);
  }

  images(name: string): readonly Raster[] {
    return this.#need(name, "image").frames;
  }

  optionalImages(name: string): readonly Raster[] | null {
    return this.#values.has(name) ? this.images(name) : null;
  }

  mask(name: string): Mask {
    return this.#need(name, "mask").mask;
  }

  latent(name: string): Latent {
    return this.#need(name, "latent").latent;
  }

  conditioning(name: string): string {
    return this.#need(name, "conditioning").text;
  }

  model(name: string): string {
    return this.#need(name, "model").name;
  }

  video(name: string): Of<"video"> {
    return this.#need(name, "video");
  }

  audio(name: string): Of<"audio"> {
    return this.#need(name, "audio");
  }

  json(name: string): JsonValue {
    const value = this.#values.get(name);
    if (value?.kind === "literal" || value?.kind === "float") return value.value;
    throw new NodeFailure("TypeError", `missing 1 required positional argument: '${name}'`);
  }

  text(name: string): string {
    return toPythonString(this.json(name));
  }

  int(name: string): number {
    return Number(toPythonInt(this.json(name)));
  }

  bigint(name: string): bigint {
    return BigInt(toPythonInt(this.json(name)));
  }

  float(name: string): number {
    return toPythonFloat(this.json(name));
  }

  bool(name: string): boolean {
    return toPythonBool(this.json(name));
  }
}
