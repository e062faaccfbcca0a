import path from "node:path/posix";
import type { FileTree, FolderType } from "./file-tree.ts";
import { NodeFailure } from "./node-failure.ts";

export interface SavePath {
  readonly subfolder: string;
  /** Last part of the prefix; may hold `%batch_num%`. */
  readonly name: string;
  /** The first number that is free. */
  readonly counter: number;
}

function withTime(prefix: string, width: number, height: number): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, "0");
  const variables: Readonly<Record<string, string>> = {
    width: String(width),
    height: String(height),
    year: String(now.getFullYear()),
    month: two(now.getMonth() + 1),
    day: two(now.getDate()),
    hour: two(now.getHours()),
    minute: two(now.getMinutes()),
    second: two(now.getSeconds()),
  };
  return prefix.replace(/%([a-z]+)%/g, (whole, name: string) => variables[name] ?? whole);
}

/**
 * Where a saver writes next: `prefix` may hold folders, and numbers go on from what lies there, whatever its extension
 * (comfyui-protocol.md §3.3).
 *
 * @throws {NodeFailure} when the prefix leads out of the folder
 */
export function savePath(files: FileTree, type: FolderType, prefix: string, size: { readonly width: number; readonly height: number }): SavePath {
  const root = files.folderPath(type);
  const normal = path.normalize(withTime(prefix, size.width, size.height));
  const folder = path.resolve(root, path.dirname(normal));
  if (folder !== root && !folder.startsWith(`${root}/`)) {
    throw new NodeFailure(
      "Exception",
      "**** ERROR: Saving image outside the output folder is not allowed." +
        `\n full_output_folder: ${folder}\n         output_dir: ${root}\n         commonpath: ${commonPath(root, folder)}`,
    );
  }
  const subfolder = folder === root ? "" : folder.slice(root.length + 1);
  const name = path.basename(normal);
  const numbers = files.namesIn(type, subfolder).map((file) => {
    const number = /^(\d+)/.exec(file.slice(name.length + 1))?.[1];
    return file.startsWith(`${name}_`) && number !== undefined ? Number(number) : 0;
  });
  return { subfolder, name, counter: Math.max(0, ...numbers) + 1 };
}

function commonPath(a: string, b: string): string {
  const other = b.split("/");
  const parts = a.split("/");
  const differs = parts.findIndex((part, index) => part !== other[index]);
  return parts.slice(0, differs < 0 ? parts.length : differs).join("/") || "/";
}

export function numberedName(name: string, counter: number, extension: string): string {
  return `${name}_${String(counter).padStart(5, "0")}_.${extension}`;
}
