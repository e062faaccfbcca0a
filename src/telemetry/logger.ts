import type { Clock } from "./clock.ts";
import { logFields } from "./log-fields.ts";
import { isLogged, type LogLevel, type LogLevels } from "./log-levels.ts";
import { prettyLine } from "./pretty-line.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Structured log lines. An error goes under `err`, with its causes. */
export interface Logger {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

/** The logger of the whole gateway, from which each part has one with its name. */
export interface RootLogger extends Logger {
  /** @param name one of docs/observability.md: `http`, `runner` … */
  module(name: string): Logger;
}

export interface LoggerParams {
  readonly levels: LogLevels;
  /** Takes a whole line, at once: what was logged before the process dies has been written. */
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, "now">;
  /** For a person at a terminal; else one JSON object a line. */
  readonly pretty: boolean;
}

export function createLogger(params: LoggerParams): RootLogger {
  return { ...loggerOf(params, null), module: (name) => loggerOf(params, name) };
}

function loggerOf(params: LoggerParams, module: string | null): Logger {
  const at = (level: LogLevel): ((fields: Fields, message: string) => void) =>
    isLogged(params.levels, module, level) ? (fields, message) => writeLine(params, { level, module, fields, message }) : () => undefined;
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface Told {
  readonly level: LogLevel;
  readonly module: string | null;
  readonly fields: Fields;
  readonly message: string;
}

function writeLine({ write, clock, pretty }: LoggerParams, { level, module, fields, message }: Told): void {
  const time = new Date(clock.now()).toISOString();
  const shown = logFields(fields);
  if (pretty) write(prettyLine({ time, level, module, msg: message, fields: shown }));
  else write(`${JSON.stringify({ time, level, ...(module === null ? {} : { module }), ...shown, msg: message })}\n`);
}

/** For tests and for commands that print for people. */
export const silentLogger: RootLogger = { debug() {}, info() {}, warn() {}, error() {}, module: () => silentLogger };
