import { configFile, flagOf, settingList, written, type Setting, type SettingValue } from "./settings.ts";

const fileDoc = "YAML or JSON file that holds settings under the names of this table";

/** docs/settings.md, whole. */
export function settingsTable(): string {
  const rows = settingList.map((setting) => {
    const initial = written(setting, setting.default);
    return [
      `\`${setting.name}\``,
      `\`${flagOf(setting.name)}\``,
      `\`${setting.env}\``,
      initial === null ? "" : `\`${String(initial)}\``,
      setting.value.allowed,
      `${setting.doc}.`,
    ].join(" | ");
  });
  return `# Settings

Written from \`src/config/settings.ts\` by \`npm run generate\`: change it there.

A flag wins over the environment, which wins over the file, which wins over the default. Every problem is reported at once, and
unknown flags and keys are errors. An empty environment variable counts as unset. \`comfyui-api config\` shows what took effect and
where each value came from.

The file is named by \`${flagOf(configFile.name)} FILE\` or \`${configFile.env}\`: ${fileDoc}.

| name in the file | flag | environment | default | allowed | what it does |
| --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}

/** The flags for a terminal, as `serve --help` prints them. */
export function flagsHelp(): string {
  const file = `  ${flagOf(configFile.name)}=FILE\n${wrap(`${fileDoc}.`)}\n${wrap(`Environment: ${configFile.env}.`)}`;
  return [file, ...settingList.map(settingHelp)].join("\n");
}

function settingHelp(setting: Setting<SettingValue>): string {
  const flag = `${flagOf(setting.name)}${setting.bare === undefined ? "=VALUE" : "[=VALUE]"}`;
  const value = written(setting, setting.default);
  const initial = value === null ? "" : ` Default: ${String(value)}.`;
  const facts = `Environment: ${setting.env}.${initial} Allowed: ${setting.value.allowed}.`;
  return `  ${flag}\n${wrap(`${plain(setting.doc)}.`)}\n${wrap(facts)}`;
}

function plain(doc: string): string {
  return doc.replaceAll("`", "");
}

function wrap(text: string): string {
  const indent = 6;
  const width = 100;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each).join("\n");
}
