import { join } from "node:path";
import { walkWorkflows } from "../../src/workflow/walk.ts";
import type { TextFile } from "./text-file.ts";

/**
 * The built-in workflows as imports, so that they end up in the executable. A module that does not keep the contract
 * still gets in, and is reported at start like any other.
 */
export function workflowIndex(root: string): TextFile {
  return {
    path: "src/generated/workflows.ts",
    text: async () => {
      const { files, broken } = await walkWorkflows(join(root, "workflows"));
      if (broken.length > 0) throw new Error(`workflows/ holds files that cannot be built in:\n${broken.map(({ file, message }) => `  ${file}: ${message}`).join("\n")}`);
      const imports = files.map(({ file }, index) => `import * as m${index} from ${JSON.stringify(`../../workflows/${file}`)};\n`);
      const entries = files.map(({ id }, index) => `  { id: ${JSON.stringify(id)}, module: m${index} },\n`);
      return [
        "// Written by `npm run generate` from the folder workflows/.\n",
        ...imports,
        "\nexport const builtinWorkflows: readonly { readonly id: string; readonly module: unknown }[] = [\n",
        ...entries,
        "];\n",
      ].join("");
    },
  };
}
