import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreTestbed, StoreUnderTest } from "../../job/store-stage.suite.ts";
import { openSqliteStore } from "./sqlite-store.ts";

/** SQLite in a folder of its own. */
export const testbed: StoreTestbed = {
  async open(clock) {
    const dir = await mkdtemp(join(tmpdir(), "job-store-"));
    async function openThere(): Promise<StoreUnderTest> {
      const store = await openSqliteStore({ path: join(dir, "jobs.db"), clock });
      return {
        store,
        async reopen() {
          await store.close();
          return openThere();
        },
        async dispose() {
          await store.close();
          await rm(dir, { recursive: true });
        },
      };
    }
    return openThere();
  },
};
