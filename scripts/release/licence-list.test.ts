import { expect, it } from "vitest";
import type { Component } from "./components.ts";
import { checkLicences } from "./licence-list.ts";

function component(licence: string): Component {
  return { name: "some", version: "1.0.0", licence, integrity: null, folder: "node_modules/some", needs: [] };
}

it.each(["MIT", "(MIT OR GPL-3.0-only)", "BSD-3-Clause AND MIT", "Apache-2.0"])("lets %s go along", (licence) => {
  expect(() => checkLicences([component(licence)])).not.toThrow();
});

it.each(["GPL-3.0-only", "MIT AND GPL-2.0-only", "NOASSERTION", "SEE LICENSE IN file"])("stops a release with %s", (licence) => {
  expect(() => checkLicences([component(licence)])).toThrow(`some (${licence})`);
});
