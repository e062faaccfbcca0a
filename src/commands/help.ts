import { nearestName } from "../errors/nearest-name.ts";
import type { Command } from "./command.ts";

/** The overview, and each command's own page. */
export function helpFor(commands: readonly Command[]): Command {
  const help: Command = {
    name: "help",
    summary: "Print this, or the help of one command",
    help: overview,

    run(argv, { print, complain }) {
      const [name] = argv;
      if (name === undefined) {
        print(overview());
        return Promise.resolve(0);
      }
      const command = all.find((each) => each.name === name);
      if (command === undefined || argv.length > 1) {
        complain(command === undefined ? unknownCommand(name, all) : "`comfyui-api help` takes the name of one command.\n");
        return Promise.resolve(2);
      }
      print(command.help());
      return Promise.resolve(0);
    },
  };
  const all = [...commands, help];

  function overview(): string {
    const width = Math.max(...all.map((command) => command.name.length));
    return `comfyui-api turns ComfyUI workflows into HTTP endpoints.

Usage: comfyui-api [command] [--name=VALUE ...]

${all.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`).join("\n")}

\`comfyui-api COMMAND --help\` explains a command; \`comfyui-api serve --help\` lists every setting.
Exit codes: 0 done, 1 failed, 2 wrong use.
`;
  }

  return help;
}

export function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = commands.map((command) => command.name);
  const meant = nearestName(name, names);
  return `There is no command \`${name}\`. ${meant === null ? `The commands are: ${names.join(", ")}.` : `Did you mean \`${meant}\`?`}\n`;
}
