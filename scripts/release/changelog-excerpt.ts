/**
 * What the changelog says of one version: the text below its heading `## 1.2.3` or `## 1.2.3 (2026-01-31)`.
 *
 * @throws {Error} when it says nothing: a release without notes is not made
 */
export function changelogExcerpt(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => each.split(/[\s(]/)[0] === version);
  const text = section?.slice(section.indexOf("\n") + 1).trim() ?? "";
  if (text === "") throw new Error(`CHANGELOG.md says nothing of ${version}: write a section "## ${version}" first`);
  return `${text}\n`;
}
