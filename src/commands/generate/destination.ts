import { resolve } from "node:path";
import { idFault } from "../../workflow/workflow-id.ts";

/**
 * Where a module goes, and the id it gets there: its path below the last folder named `workflows`, else its name and its folder's.
 *
 * @param out as it was typed
 */
export function readDestination(out: string): { readonly path: string; readonly id: string } | { readonly problem: string } {
  if (!out.endsWith(".ts")) return { problem: `${out}: the module's name must end with .ts, as in workflows/qwen/txt2img.ts` };
  const path = resolve(out);
  const segments = path.split("/").filter((segment) => segment !== "");
  const below = segments.slice(0, -1).lastIndexOf("workflows");
  const id = (below === -1 ? segments.slice(-2) : segments.slice(below + 1)).join("/").replace(/\.ts$/, "");
  const fault = idFault(id);
  return fault === null ? { path, id } : { problem: `${out}: ${fault}` };
}

/** Where a module of this id goes when nothing was named. */
export function defaultDestination(id: string): string {
  return resolve("workflows", `${id}.ts`);
}
