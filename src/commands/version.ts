import { writeBuildFacts } from "../executable/build-facts.ts";
import type { Command } from "./command.ts";

export const version: Command = {
  name: "version",
  summary: "Print the version, the commit it was built from, and its Node.js",
  help: () => "Usage: comfyui-api version\n",

  run(argv, { build, print, complain }) {
    if (argv.length > 0) {
      complain("`comfyui-api version` takes no arguments.\n");
      return Promise.resolve(2);
    }
    print(`${writeBuildFacts(build)}\n`);
    return Promise.resolve(0);
  },
};
