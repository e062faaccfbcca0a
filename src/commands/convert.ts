import { readFile } from "node:fs/promises";
import { CatalogFault } from "../catalog/catalog-fault.ts";
import { AppError } from "../errors/app-error.ts";
import { stringifyJson } from "../json/exact.ts";
import { convertFile } from "../workflow/export/convert-file.ts";
import type { Command, ExitCode, Surroundings } from "./command.ts";
import { failureText } from "./failure.ts";
import { catalogFlagsHelp, readWorkflowArguments, type WorkflowArguments } from "./workflows/arguments.ts";
import { openCatalog } from "./workflows/open-catalog.ts";

/** Turns a file saved from ComfyUI into the graph that ComfyUI runs. */
export const convert: Command = {
  name: "convert",
  summary: "Turn a file saved from ComfyUI into the graph (API format) that ComfyUI runs",

  help: () => `Usage: comfyui-api convert FILE [--report] [--allow] [--name=VALUE ...]

Reads a workflow saved from ComfyUI (JSON in either format, or an image, sound or video with the workflow
in it) and prints its graph. What cannot be converted exactly is named, with its place in the file, and no
graph is printed.

  --report
      Say what became of each node, on standard error.
  --allow
      Print the graph although parts of it are guessed or missing. The exit code is 1 all the same.
${catalogFlagsHelp}
Exit codes: 0 the graph is exactly what ComfyUI's page would send, 1 it is not, 2 wrong use.
`,

  async run(argv, surroundings) {
    const asked = readWorkflowArguments(argv, surroundings, { command: "convert", switches: ["report", "allow"] });
    if (asked === null) return 2;
    const [file, ...others] = asked.positionals;
    if (file === undefined || others.length > 0) {
      surroundings.complain("Name one file: comfyui-api convert FILE\n");
      return 2;
    }
    try {
      return await convertOne(file, asked, surroundings);
    } catch (error) {
      if (!(error instanceof AppError || error instanceof CatalogFault)) throw error;
      surroundings.complain(`${file}: ${failureText(error)}\n`);
      return 1;
    }
  },
};

async function bytesOf(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file);
  } catch {
    // Whatever it is, the person sees the file and not the reason that the system has.
    return null;
  }
}

async function convertOne(file: string, { config, switches }: WorkflowArguments, { print, complain }: Surroundings): Promise<ExitCode> {
  const bytes = await bytesOf(file);
  if (bytes === null) {
    complain(`${file} cannot be read.\n`);
    return 1;
  }
  const { catalog, told } = await openCatalog(config);
  const { graph, exact, problems, nodes, notes } = convertFile(file, bytes, catalog);
  for (const note of notes) complain(`note: ${note}\n`);
  if (switches.has("report")) complain(nodes.length === 0 ? "The file holds a graph already: nothing was converted.\n" : `${nodes.join("\n")}\n`);
  for (const problem of problems) complain(`${problem}\n`);
  if (!exact) complain(`Not exact: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} with ${told}.\n`);
  if (exact || switches.has("allow")) print(`${stringifyJson(graph, 2)}\n`);
  return exact ? 0 : 1;
}
