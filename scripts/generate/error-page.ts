import { errorTable, type ErrorKind } from "../../src/errors/table.ts";
import type { TextFile } from "./text-file.ts";

const intro = `# Errors

<!-- Written by \`npm run generate\` from src/errors/table.ts. -->

Every error is an \`application/problem+json\` answer (RFC 9457) with \`type\`, \`title\`, \`status\`, \`detail\`, \`instance\` and \`code\`; where
single fields are at fault, \`errors\` lists a \`pointer\` into the body and a \`message\` for each. A failed job carries the same in its
\`error\`. The code and the title are fixed; \`detail\` says what happened this time and what to do about it. *Retry* tells whether the same
request may succeed later as it is.

| code | status | title | retry |
|---|---|---|---|
`;

/** docs/errors.md. */
export function errorPage(): TextFile {
  return {
    path: "docs/errors.md",
    text: () => {
      const kinds: readonly [string, ErrorKind][] = Object.entries(errorTable);
      const rows = kinds.map(([code, kind]) => `| \`${code}\` | ${kind.status} | ${kind.title} | ${kind.retryable ? "yes" : "no"} |\n`);
      return Promise.resolve(intro + rows.join(""));
    },
  };
}
