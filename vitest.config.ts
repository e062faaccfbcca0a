import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts", "workflows/**/*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**", "bin/**"],
    environment: "node",
    // A process for each file: some tests load native state, take file locks and read process-wide settings.
    pool: "forks",
    // Most tests wait for sockets and child processes; more workers than cores keep the cores busy.
    maxWorkers: 4,
    // Tests wait for events and never for time, so these only end what hangs. A busy CI machine needs the room.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // One second, Vitest's own, is too little for a process that gets its turn only now and then.
    expect: { poll: { timeout: 15_000 } },
    reporters: ["default", "./test/counting-reporter.ts"],
  },
});
