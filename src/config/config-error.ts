/** One thing wrong with the configuration, in words for the person who wrote it. */
export interface ConfigProblem {
  /** Name of the setting, or the unknown name that was given. */
  readonly setting: string;
  /** As the person typed it: `flag --port`, `environment variable PORT`, `port in gateway.yml`. */
  readonly origin: string;
  /** What is wrong, and what is allowed. Holds no secret. */
  readonly message: string;
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${problem.setting} (${problem.origin}): ${problem.message}`).join("\n"));
    this.problems = problems;
  }
}
