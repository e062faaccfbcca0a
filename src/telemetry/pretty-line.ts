import type { LogValue } from "./log-fields.ts";
import type { LogLevel } from "./log-levels.ts";

export interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly module: string | null;
  readonly msg: string;
  readonly fields: Readonly<Record<string, LogValue>>;
}

const colours: Readonly<Record<LogLevel, number>> = { trace: 90, debug: 90, info: 32, warn: 33, error: 31, silent: 0 };

function coloured(colour: number, text: string): string {
  return `\u001b[${colour}m${text}\u001b[0m`;
}

/** Control characters of a caller would steer the terminal. */
function harmless(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");
}

function shown(value: LogValue): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? harmless(value) : harmless(JSON.stringify(value));
}

/** For a person at a terminal: time of day, level, module, message and fields in one line; the stack of an error below. */
export function prettyLine({ time, level, module, msg, fields }: LogLine): string {
  const { err, ...rest } = fields;
  const error = typeof err === "object" && err !== null && !Array.isArray(err) && "message" in err ? err : null;
  const told = Object.entries(error === null ? fields : rest).map(([name, value]) => coloured(90, `${name}=`) + shown(value));
  const head = [
    coloured(90, time.slice(11, 23)),
    coloured(colours[level], level.toUpperCase().padEnd(5)),
    ...(module === null ? [] : [coloured(36, module)]),
    harmless(msg),
    ...told,
  ].join(" ");
  if (error === null) return `${head}\n`;
  const stack = typeof error["stack"] === "string" ? error["stack"] : "";
  const message = typeof error["message"] === "string" ? error["message"] : "";
  return `${head}\n    ${harmless(message)}\n${harmless(stack).replace(/^/gm, "    ")}\n`;
}
