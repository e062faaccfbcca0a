import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { DocsAsset, DocsAssets } from "../../src/web/docs-page.ts";

const require = createRequire(import.meta.url);

function asset(file: string, contentType: string): DocsAsset {
  return { contentType, gzipBase64: gzipSync(readFileSync(require.resolve(`swagger-ui-dist/${file}`))).toString("base64") };
}

/** What `npm run generate` packs, straight from the package. */
export const swaggerAssets: DocsAssets = {
  bundle: asset("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
  stylesheet: asset("swagger-ui.css", "text/css; charset=utf-8"),
};
