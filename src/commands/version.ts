import type { Command } from "./command.ts";

export const version: Command = {
  name: "version",
  summary: "Print the version",
  help: () => "Usage: comfyui-api version\n",

  run(argv, { version: number, print, complain }) {
    if (argv.length > 0) {
      complain("`comfyui-api version` takes no arguments.\n");
      return Promise.resolve(2);
    }
    print(`${number}\n`);
    return Promise.resolve(0);
  },
};
