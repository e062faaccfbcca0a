import * as zod from "zod";
import * as fields from "./fields.ts";

/** As a transpiled `import x from` and `import { x } from` expect a module that came from ES syntax. */
function asEsModule(namespace: object): object {
  return Object.defineProperty({ ...namespace }, "__esModule", { value: true });
}

/** What every workflow module may import although no package lies beside it: always the gateway's own instance. */
export function hostModules(): ReadonlyMap<string, unknown> {
  const zodModule = asEsModule(zod);
  return new Map([
    ["zod", zodModule],
    ["zod/v4", zodModule],
    ["comfyui-api/fields", asEsModule(fields)],
  ]);
}
