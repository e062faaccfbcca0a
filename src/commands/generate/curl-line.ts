import type { Endpoint } from "../../codegen/plan/endpoint.ts";
import { stringifyJson } from "../../json/exact.ts";

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const sampleFiles: Readonly<Record<string, string>> = { image: "photo.png", video: "clip.mp4", audio: "sound.wav", model3d: "model.glb", file: "file.bin" };

/** Longer example values are for the docs, not for a terminal. */
const maxExampleLength = 80;

/** A call that works as it stands, with the required fields alone. */
export function curlLine({ id, fields }: Endpoint): string {
  const needed = fields.filter((field) => field.default === undefined && field.type.kind !== "seed");
  const valueOf = (field: (typeof needed)[number]) => {
    const { value } = field.candidate;
    return typeof value === "string" && (value.length > maxExampleLength || value.includes("\n")) ? "a lighthouse at dusk" : value;
  };
  const url = `http://localhost:3000/${id}`;
  if (!needed.some((field) => field.type.kind === "file")) return `curl ${url} -d ${quoted(stringifyJson(Object.fromEntries(needed.map((field) => [field.name, valueOf(field)]))))}`;
  const parts = needed.map((field) => {
    if (field.type.kind === "file") return `-F ${field.name}=@${sampleFiles[field.type.accepts] ?? "file.bin"}`;
    const value = valueOf(field);
    return `-F ${quoted(`${field.name}=${typeof value === "string" ? value : stringifyJson(value)}`)}`;
  });
  return `curl ${url} ${parts.join(" ")}`;
}
