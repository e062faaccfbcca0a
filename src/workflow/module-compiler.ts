import { compileFunction } from "node:vm";
import { getFormattedTokens, transform, type Transform } from "sucrase";
import { ModuleSyntaxError } from "./module-syntax-error.ts";

export interface ModuleScope {
  readonly require: (specifier: string) => unknown;
  readonly module: { exports: unknown };
  readonly importMeta: object;
  readonly filename: string;
  readonly dirname: string;
}

interface Token {
  readonly text: string;
  readonly label: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** As long as `import.meta`, so that nothing moves. */
const metaName = "import_meta";
const metaText = "import.meta";

function transformsFor(file: string): Transform[] {
  return file.endsWith(".ts") ? ["typescript", "imports"] : ["imports"];
}

/** sucrase gives tokens only as a table; its first two columns are the place and the kind. */
function tokensOf(file: string, source: string): readonly Token[] {
  const lineStarts = [0];
  for (let index = source.indexOf("\n"); index !== -1; index = source.indexOf("\n", index + 1)) lineStarts.push(index + 1);
  const offsetOf = (line: number, column: number): number => (lineStarts[line - 1] ?? 0) + column - 1;
  const table = getFormattedTokens(source, { transforms: transformsFor(file), filePath: file });
  return table.split("\n").flatMap((row) => {
    const [, line, column, endLine, endColumn, label] = /^(\d+):(\d+)-(\d+):(\d+)\s+(\S+)/.exec(row) ?? [];
    if (label === undefined) return [];
    const offset = offsetOf(Number(line), Number(column));
    return [{ text: source.slice(offset, offsetOf(Number(endLine), Number(endColumn))), label, offset, line: Number(line), column: Number(column) }];
  });
}

function withoutImportMeta(source: string, tokens: readonly Token[]): string {
  let changed = source;
  tokens.forEach((token, index) => {
    const isMeta = token.text === "import" && tokens[index + 1]?.text === "." && tokens[index + 2]?.text === "meta";
    const isTight = source.startsWith(metaText, token.offset);
    if (isMeta && isTight) changed = changed.slice(0, token.offset) + metaName + changed.slice(token.offset + metaText.length);
  });
  return changed;
}

/** sucrase drops a namespace without a word, and whatever used it then fails far away. */
function refuseNamespaces(file: string, source: string, tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    if (token.label !== "name" || (token.text !== "namespace" && token.text !== "module")) return;
    if (tokens[index + 1]?.label !== "name" || tokens[index + 1]?.line !== token.line || tokens[index - 1]?.text === "declare") return;
    let next = index + 2;
    while (tokens[next]?.text === "." && tokens[next + 1]?.label === "name") next += 2;
    if (tokens[next]?.text !== "{") return;
    const { line, column } = token;
    throw new ModuleSyntaxError({ file, source, line, column }, "A TypeScript namespace is not supported in a workflow module: use a module of its own or an object");
  });
}

function locationOf(error: object): { line: number | null; column: number | null } {
  const loc: unknown = "loc" in error ? error.loc : null;
  if (typeof loc !== "object" || loc === null || !("line" in loc) || !("column" in loc)) return { line: null, column: null };
  return { line: typeof loc.line === "number" ? loc.line : null, column: typeof loc.column === "number" ? loc.column : null };
}

function transpile(file: string, source: string): { code: string; isEsModule: boolean } {
  try {
    const needsTokens = source.includes(metaText) || /\b(?:namespace|module)\s+[\w$]/.test(source);
    const tokens = needsTokens ? tokensOf(file, source) : [];
    if (file.endsWith(".ts")) refuseNamespaces(file, source, tokens);
    const text = withoutImportMeta(source, tokens);
    // Types are gone in the output, so only real syntax of modules is left to tell by.
    const { code } = transform(text, { transforms: transformsFor(file), filePath: file, disableESTransforms: true });
    return { code, isEsModule: !file.endsWith(".js") || code.includes('Object.defineProperty(exports, "__esModule"') };
  } catch (error) {
    if (error instanceof ModuleSyntaxError || !(error instanceof Error)) throw error;
    const message = error.message.replace(`Error transforming ${file}: `, "").replace(/ \(\d+:\d+\)$/, "");
    throw new ModuleSyntaxError({ file, source, ...locationOf(error) }, message, { cause: error });
  }
}

/** What V8 knows of a syntax error stands at the head of its stack: `file:line`, the line, and carets below it. */
function syntaxErrorOf(file: string, source: string, error: SyntaxError): ModuleSyntaxError {
  const [head = "", shown = "", carets = ""] = (error.stack ?? "").split("\n");
  const number = head.startsWith(`${file}:`) ? Number(head.slice(file.length + 1)) : Number.NaN;
  const line = Number.isInteger(number) ? number : null;
  // Where a type was cut out of the line, the column is of a line that the author does not have.
  const isAuthorsLine = line !== null && source.split("\n")[line - 1] === shown;
  const column = isAuthorsLine && carets.includes("^") ? carets.indexOf("^") + 1 : null;
  const isAwait = error.message.startsWith("await is only valid");
  const message = isAwait ? "Top-level await is not supported in a workflow module" : error.message;
  return new ModuleSyntaxError({ file, source, line, column }, message, { cause: error });
}

export type CompileModule = typeof compileModule;

/**
 * Makes a function of a module's text, TypeScript or JavaScript, ES or CommonJS; lines stay where they are.
 *
 * @returns runs the module in the given scope
 * @throws {ModuleSyntaxError}
 */
export function compileModule(file: string, source: string): (scope: ModuleScope) => void {
  const { code, isEsModule } = transpile(file, source);
  // An ES module may well declare `module` or `__dirname` itself: what it cannot have is not there.
  const usesModule = !isEsModule || /\bmodule\.exports\b/.test(code);
  const names = ["exports", "require", metaName, ...(usesModule ? ["module"] : []), ...(isEsModule ? [] : ["__filename", "__dirname"])];
  try {
    const compiled = compileFunction(code, names, { filename: file });
    return (scope) => {
      const { exports } = scope.module;
      const values = [exports, scope.require, scope.importMeta, ...(usesModule ? [scope.module] : []), ...(isEsModule ? [] : [scope.filename, scope.dirname])];
      Reflect.apply(compiled, exports, values);
    };
  } catch (error) {
    throw error instanceof SyntaxError ? syntaxErrorOf(file, source, error) : error;
  }
}
