import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { hostModules } from "./host-modules.ts";
import { ModuleLoader } from "./module-loader.ts";

let root = "";
let loader: ModuleLoader;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "loader-"));
  loader = new ModuleLoader(root, hostModules());
});
afterEach(() => rm(root, { recursive: true }));

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}

async function valueOf(text: string, file = "a/x.ts"): Promise<unknown> {
  await put({ [file]: text });
  const loaded = await loader.load(file);
  if ("failure" in loaded) throw new Error(loaded.failure.message);
  return typeof loaded.exports === "object" && loaded.exports !== null && "default" in loaded.exports ? loaded.exports.default : loaded.exports;
}

async function failureOf(text: string, file = "a/x.ts") {
  await put({ [file]: text });
  const loaded = await loader.load(file);
  if ("exports" in loaded) throw new Error("it loaded");
  return loaded.failure;
}

describe("ModuleLoader", () => {
  it("hands out the gateway's own zod and fields, in every form of import", async () => {
    const value = await valueOf(`
      import { z } from "zod";
      import zDefault from "zod";
      import * as zAll from "zod/v4";
      import { seed, imageFile } from "comfyui-api/fields";
      export default [z.object({}), zDefault.object({}), zAll.object({}), seed(), imageFile()];`);
    expect(value).toEqual([expect.any(z.ZodObject), expect.any(z.ZodObject), expect.any(z.ZodObject), expect.any(z.ZodOptional), expect.any(z.ZodString)]);
  });

  it("understands TypeScript: types, enums, satisfies, generics, parameter properties, classes", async () => {
    const value = await valueOf(`
      import type { Nothing } from "./nothing-there";
      import { type AlsoNothing, join } from "node:path";
      enum Size { small = 512, large = 1024 }
      const enum Kind { a = "A" }
      interface Options<T extends object = object> { readonly x: T }
      declare module "zod" { interface Extra {} }
      declare const ghost: Nothing;
      abstract class Base { abstract name(): string }
      class Named extends Base { constructor(private readonly given: string) { super(); } override name() { return this.given; } }
      function pick(a: string): string;
      function pick(a: number): number;
      function pick(a: unknown) { return a; }
      const module = { any: 1 };
      const namespace = (x: number) => x;
      const options = { x: { y: 1 } } satisfies Options<{ y: number }>;
      export default [Size.large, Kind.a, options.x.y as number, new Named("n").name(), pick(3)!, join("a", "b"), module.any, namespace(4)];`);
    expect(value).toEqual([1024, "A", 1, "n", 3, "a/b", 1, 4]);
  });

  it("resolves files beside the module: .js that means .ts, folders, JSON with exact integers", async () => {
    await put({
      "_lib/one.ts": "export const one: number = 1;",
      "_lib/index.ts": "export default 'index';",
      "a/_two.mjs": "export const two = 2;",
      "a/_three.js": "module.exports = { three: 3, file: __filename };",
      "a/_data.json": '{"seed": 18446744073709551615}',
    });
    const value = await valueOf(`
      import { one } from "../_lib/one.js";
      import lib from "../_lib";
      import { two } from "./_two";
      import { three, file } from "./_three.js";
      import data from "./_data.json" with { type: "json" };
      export default [one, lib, two, three, file, data.seed];`);
    expect(value).toEqual([1, "index", 2, 3, join(root, "a/_three.js"), 2n ** 64n - 1n]);
  });

  it("resolves packages of a node_modules folder beside it, CommonJS and ES", async () => {
    await put({
      "node_modules/plain/index.js": "exports.name = 'plain';",
      "node_modules/modern/package.json": '{"type":"module","exports":"./main.js"}',
      "node_modules/modern/main.js": "export default 'modern'; export const n = 1;",
    });
    expect(await valueOf(`import { name } from "plain"; import modern, { n } from "modern"; export default [name, modern, n];`)).toEqual(["plain", "modern", 1]);
  });

  it("loads CommonJS and ES modules in plain JavaScript", async () => {
    expect(await valueOf("const { z } = require('zod'); module.exports = { made: z.string().parse('x'), dir: __dirname };", "a/x.js")).toEqual({ made: "x", dir: join(root, "a") });
    expect(await valueOf("export default import.meta.filename;", "a/y.js")).toBe(join(root, "a/y.js"));
    expect(await valueOf("export default 5;", "a/z.mjs")).toBe(5);
  });

  it("gives import.meta its url, filename and dirname, and leaves the words alone elsewhere", async () => {
    const value = await valueOf(`
      const __dirname = import.meta.dirname; const __filename = import.meta.filename;
      export default [import.meta.url, __filename, __dirname, "import.meta.url", \`\${import.meta.main} import.meta\`]; // import.meta`);
    const file = join(root, "a/x.ts");
    expect(value).toEqual([pathToFileURL(file).href, file, join(root, "a"), "import.meta.url", "false import.meta"]);
  });

  it("survives modules that import each other", async () => {
    await put({ "a/_b.ts": `import { name } from "./x"; export const later = () => name;` });
    expect(await valueOf(`import { later } from "./_b"; export const name = "x"; export default later();`)).toBe("x");
  });

  it("supports dynamic import inside functions", async () => {
    await put({ "a/_b.ts": "export const b = 2;" });
    const load = await valueOf(`export default async () => (await import("./_b")).b;`);
    expect(typeof load === "function" && (await Promise.resolve(Reflect.apply(load, undefined, [])))).toBe(2);
  });

  it("keeps what it loaded until cleared, and each loader its own", async () => {
    expect(await valueOf("export default 1;")).toBe(1);
    expect(await valueOf("export default 2;")).toBe(1);
    const other = await new ModuleLoader(root, hostModules()).load("a/x.ts");
    expect("exports" in other && other.exports).toMatchObject({ default: 2 });
    loader.clear();
    expect(await valueOf("export default 3;")).toBe(3);
  });

  it("reads files that begin with a byte order mark", async () => {
    expect(await valueOf("\uFEFFexport default 1;")).toBe(1);
  });
});

describe("a module that does not load", () => {
  it("for its syntax is reported with file, line, column and the line itself", async () => {
    const failure = await failureOf("const a = 1;\nconst b = [1, 2;\nexport default b;\n");
    expect(failure).toMatchObject({ line: 2 });
    expect(failure.message).toMatch(/^a\/x\.ts:2:\d+: .*\n {2}const b = \[1, 2;\n +\^$/);
  });

  it("for a fault that only the engine sees is reported the same way", async () => {
    const failure = await failureOf("const a = 1;\n\tconst a = 2;\nexport default a;\n");
    expect(failure).toEqual({ line: 2, column: 8, message: "a/x.ts:2:8: Identifier 'a' has already been declared\n  \tconst a = 2;\n  \t      ^" });
  });

  it("for top-level await says so", async () => {
    expect(await failureOf("const a = 1;\nexport default await a;\n")).toMatchObject({ line: 2, message: expect.stringMatching(/^a\/x\.ts:2.*: Top-level await is not supported/) });
  });

  it("for a namespace says so, but lets declared ones pass", async () => {
    expect(await failureOf("const a = 1;\nexport namespace Foo.Bar { export const b = a; }\nexport default 1;\n")).toMatchObject({ line: 2, column: 8, message: expect.stringContaining("namespace is not supported") });
    expect(await valueOf("declare namespace Foo { const b: number }\nexport default 1;", "a/y.ts")).toBe(1);
  });

  it("for what it throws is reported with the line of the module", async () => {
    expect(await failureOf("interface A {\n  b: string;\n}\nconst a = null;\nexport default a.b;\n")).toMatchObject({
      line: 5,
      column: null,
      message: expect.stringMatching(/^a\/x\.ts:5: TypeError: .*'b'/),
    });
    expect(await failureOf("throw 'plain text';")).toMatchObject({ line: null, message: "a/x.ts: threw plain text" });
  });

  it("for a fault in a file it imports names that file, and the line of the import", async () => {
    await put({ "_lib/broken.ts": "\n\nthrow new Error('not today');" });
    expect(await failureOf(`// first\nimport "../_lib/broken";\nexport default 1;`)).toEqual({ line: 2, column: null, message: "_lib/broken.ts:3: not today" });
    await put({ "_lib/wrong.ts": "const = 5;" });
    expect(await failureOf(`import "../_lib/wrong";`)).toMatchObject({ line: null, message: expect.stringMatching(/^_lib\/wrong\.ts:1:\d+: /) });
  });

  it("for an import that leads nowhere says what may be imported", async () => {
    expect(await failureOf(`// first\nimport x from "left-pad";\nexport default x;`)).toMatchObject({
      line: 2,
      message: expect.stringMatching(/^a\/x\.ts:2: Cannot find "left-pad"\. A workflow module can import "zod", "zod\/v4", "comfyui-api\/fields"/),
    });
    expect(await failureOf(`import x from "./gone";\nexport default x;`)).toMatchObject({ line: 1, message: 'a/x.ts:1: Cannot find "./gone", imported here' });
  });

  it("tells no path of the host", async () => {
    await put({ "a/_bad.json": "{", "node_modules/bad/index.js": "require('gone-for-good');" });
    for (const text of [`import "./_bad.json";`, `import "bad";`, `import { readFileSync } from "node:fs"; readFileSync(import.meta.dirname + "/none");`]) {
      expect((await failureOf(text, `a/${text.length}.ts`)).message).not.toContain(root);
    }
    const gone = await loader.load("a/none.ts");
    expect("failure" in gone && gone.failure.message).toMatch(/ENOENT.*a\/none\.ts/);
  });

  it("loads once it is mended, without a new loader", async () => {
    await failureOf("throw new Error('first');");
    expect(await valueOf("export default 1;")).toBe(1);
  });
});
