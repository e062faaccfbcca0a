/** Put in by scripts/build-binary/bundle.ts; not declared at all when the program runs from its sources. */
declare const COMFYUI_API_COMMIT: string | undefined;

/** What a program knows of how it was made. */
export interface BuildFacts {
  readonly version: string;
  /** In full, with `-changed` when the sources differed from it; null when that is not known. */
  readonly commit: string | null;
  /** Of Node.js, without `v`. */
  readonly node: string;
}

export function buildFacts(version: string): BuildFacts {
  const commit = typeof COMFYUI_API_COMMIT === "undefined" ? undefined : COMFYUI_API_COMMIT;
  return { version, commit: commit ?? null, node: process.versions.node };
}

/** `0.1.0 (commit 53e9199bd5ff, Node.js 24.21.0)`: the version is the first word, for scripts. */
export function writeBuildFacts({ version, commit, node }: BuildFacts): string {
  const short = commit?.replace(/^([0-9a-f]{12})[0-9a-f]+/, "$1") ?? "unknown";
  return `${version} (commit ${short}, Node.js ${node})`;
}
