export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Least severe lines that are written: of everything, and of modules that are looked at more or less closely. */
export interface LogLevels {
  readonly everywhere: LogLevel;
  readonly byModule: ReadonlyMap<string, LogLevel>;
}

function levelNamed(name: string): LogLevel | undefined {
  return logLevels.find((level) => level === name);
}

/** Reads `info,runner=debug`, in any order; a level without a module that is left out is info. Of a part that is none, nothing. */
export function parseLogLevels(text: string): LogLevels {
  const byModule = new Map<string, LogLevel>();
  let everywhere: LogLevel = "info";
  for (const part of text.split(",")) {
    const [name = "", value] = part.split("=").map((piece) => piece.trim().toLowerCase());
    const level = levelNamed(value ?? name);
    if (level === undefined) continue;
    if (value === undefined) everywhere = level;
    else byModule.set(name, level);
  }
  return { everywhere, byModule };
}

export function isLogged(levels: LogLevels, module: string | null, level: LogLevel): boolean {
  const least = (module === null ? undefined : levels.byModule.get(module)) ?? levels.everywhere;
  return logLevels.indexOf(level) >= logLevels.indexOf(least);
}
