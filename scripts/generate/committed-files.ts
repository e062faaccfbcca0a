import manifest from "../../package.json" with { type: "json" };
import { settingsTable } from "../../src/config/settings-table.ts";
import { openApiText } from "../../src/http/openapi/document.ts";
import { discoverWorkflows } from "../../src/workflow/discover.ts";
import { errorPage } from "./error-page.ts";
import type { TextFile } from "./text-file.ts";

/** What `GET /openapi.json` answers with the built-in workflows alone: a change of the interface shows in its diff. */
async function openApi(): Promise<string> {
  // Only there once the index of workflows has been written.
  const { builtinWorkflows } = await import("../../src/generated/workflows.ts");
  const { workflows } = await discoverWorkflows({ builtins: builtinWorkflows });
  return `${openApiText({ version: manifest.version, workflows }, 2)}\n`;
}

/** Written from code, kept in git, and compared by `npm run generate -- --check`. */
export const committedFiles: readonly TextFile[] = [
  errorPage(),
  { path: "docs/settings.md", text: () => Promise.resolve(settingsTable()) },
  { path: "openapi.json", text: openApi },
];
