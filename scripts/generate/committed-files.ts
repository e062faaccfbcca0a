import { errorPage } from "./error-page.ts";
import type { TextFile } from "./text-file.ts";

/** Written from code, kept in git, and compared by `npm run generate -- --check`. */
export const committedFiles: readonly TextFile[] = [errorPage()];
