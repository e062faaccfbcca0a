import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node";

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Prints, as the very last line, `N passed, N failed` and `, N skipped` when some were: for machines that read the end of a log. */
export default class CountingReporter implements Reporter {
  #count: Count = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    // At exit, since other reporters and the closing of workers may still print after the end of the run.
    process.once("exit", () => process.stdout.write(`${countLine(this.#count)}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    this.#count = count(modules, unhandled.length, reason);
  }
}

function count(modules: readonly TestModule[], unhandledErrors: number, reason: TestRunEndReason): Count {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  for (const module of modules) {
    // A file that does not load and a hook that throws fail with no test of their own.
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) failed += 1;
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "failed") failed += 1;
      else skipped += 1;
    }
  }
  // A run that did not pass never reads as one that did, whatever stopped it.
  if (reason !== "passed" && failed === 0) failed = 1;
  return { passed, failed, skipped };
}

function countLine({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
