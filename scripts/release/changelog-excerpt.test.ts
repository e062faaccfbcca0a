import { expect, it } from "vitest";
import { changelogExcerpt } from "./changelog-excerpt.ts";

const changelog = "# Changelog\n\nWords.\n\n## 1.10.0 (2026-03-01)\n\n- Ten.\n\n### Also\n\n- More.\n\n## 1.1.0\n\n- One.\n\n## 1.0.0\n";

it("is what stands below the heading of exactly that version", () => {
  expect(changelogExcerpt(changelog, "1.10.0")).toBe("- Ten.\n\n### Also\n\n- More.\n");
  expect(changelogExcerpt(changelog, "1.1.0")).toBe("- One.\n");
});

it.each(["1.0.0", "1.1", "2.0.0"])("refuses a release of which the changelog says nothing: %s", (version) => {
  expect(() => changelogExcerpt(changelog, version)).toThrow(`## ${version}`);
});
