import { expect, it } from "vitest";
import { settingList, flagOf } from "./settings.ts";
import { flagsHelp, settingsTable } from "./settings-table.ts";

it("docs/settings.md has one row for each setting, with flag and variable", () => {
  const rows = settingsTable().split("\n").filter((line) => line.startsWith("| `"));
  expect(rows).toHaveLength(settingList.length);
  for (const [at, setting] of settingList.entries()) {
    expect(rows[at]).toContain(`| \`${setting.name}\` | \`${flagOf(setting.name)}\` | \`${setting.env}\` |`);
    expect(rows[at]?.split(" | ")).toHaveLength(6);
  }
});

it("the help lists every flag and stays within 100 columns", () => {
  const help = flagsHelp();
  for (const setting of settingList) {
    expect(help).toContain(`  ${flagOf(setting.name)}`);
    expect(help).toContain(`Environment: ${setting.env}`);
  }
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});
