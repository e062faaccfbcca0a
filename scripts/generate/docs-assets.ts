import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import type { TextFile } from "./text-file.ts";

async function packed(folder: string, name: string, contentType: string): Promise<string> {
  const content = await readFile(join(folder, name));
  return `{ contentType: ${JSON.stringify(contentType)}, gzipBase64: ${JSON.stringify(gzipSync(content, { level: 9 }).toString("base64"))} }`;
}

/** Swagger UI as text, so that the page with the docs needs no file beside the executable and no other host. */
export function docsAssets(): TextFile {
  return {
    path: "src/generated/docs-assets.ts",
    text: async () => {
      const manifest = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
      const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(manifest, "utf8")));
      const folder = dirname(manifest);
      return [
        "// Written by `npm run generate` from the package swagger-ui-dist (Apache-2.0).\n\n",
        "interface Asset {\n  readonly contentType: string;\n  readonly gzipBase64: string;\n}\n\n",
        "export const docsAssets: { readonly version: string; readonly bundle: Asset; readonly stylesheet: Asset } = {\n",
        `  version: ${JSON.stringify(version)},\n`,
        `  bundle: ${await packed(folder, "swagger-ui-bundle.js", "text/javascript; charset=utf-8")},\n`,
        `  stylesheet: ${await packed(folder, "swagger-ui.css", "text/css; charset=utf-8")},\n`,
        "};\n",
      ].join("");
    },
  };
}
