import { gunzipSync } from "node:zlib";

/** A file of Swagger UI as the build packs it. */
export interface DocsAsset {
  readonly contentType: string;
  readonly gzipBase64: string;
}

/** What the page needs of Swagger UI, from inside the executable. */
export interface DocsAssets {
  readonly bundle: DocsAsset;
  readonly stylesheet: DocsAsset;
}

/** A file of the page. It is unpacked when it is asked for: few ask, and all of it would be megabytes held for nothing. */
export interface PageFile {
  readonly contentType: string;
  plain(): Uint8Array;
  /** null: there is none, for so little. */
  gzip(): Uint8Array | null;
}

/** Swagger UI writes style attributes and draws its icons from data: URIs. Everything else comes from here or not at all. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>comfyui-api</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<header>
<h1>comfyui-api</h1>
<p>Every ComfyUI workflow of this gateway as an endpoint. Open one, change the inputs, press Execute. Where the gateway has API keys, press Authorize first and give yours.
The same as OpenAPI 3.1: <a href="/openapi.json">openapi.json</a></p>
</header>
<main id="api"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
`;

// validatorUrl: by default Swagger UI sends the document's address to a host of its makers.
const init = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  tryItOutEnabled: true,
  persistAuthorization: false,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
`;

// Swagger UI's own head would repeat ours, and there is one server only.
const style = `body { margin: 0; font-family: system-ui, sans-serif; }
header { max-width: 1460px; margin: 0 auto; padding: 24px 20px 0; box-sizing: border-box; }
header h1 { margin: 0 0 4px; font-size: 28px; }
header p { margin: 0; color: #555; }
.swagger-ui .information-container, .swagger-ui .servers-title, .swagger-ui .servers { display: none; }
.swagger-ui .scheme-container { margin: 0; padding: 8px 0; box-shadow: none; background: none; }
`;

function written(contentType: string, text: string): PageFile {
  return { contentType, plain: () => Buffer.from(text), gzip: () => null };
}

function packed({ contentType, gzipBase64 }: DocsAsset): PageFile {
  const gzip = (): Buffer => Buffer.from(gzipBase64, "base64");
  return { contentType, plain: () => gunzipSync(gzip()), gzip };
}

/** The API explorer, by path. It asks no other host for anything. */
export function docsPage({ bundle, stylesheet }: DocsAssets): ReadonlyMap<string, PageFile> {
  return new Map([
    ["/docs", written("text/html; charset=utf-8", page)],
    ["/docs/init.js", written("text/javascript; charset=utf-8", init)],
    ["/docs/page.css", written("text/css; charset=utf-8", style)],
    ["/docs/swagger-ui-bundle.js", packed(bundle)],
    ["/docs/swagger-ui.css", packed(stylesheet)],
  ]);
}
