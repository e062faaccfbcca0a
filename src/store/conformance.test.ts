import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import { describeJobStoreModel } from "../job/job-store-model.suite.ts";
import { describeJobStore } from "../job/job-store.suite.ts";
import type { StoreTestbed } from "../job/store-stage.suite.ts";

const drivers = readdirSync(fileURLToPath(new URL(".", import.meta.url)), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const testbedModule = z.object({
  testbed: z.custom<StoreTestbed>((value) => typeof value === "object" && value !== null && "open" in value && typeof value.open === "function"),
});

it("there is a driver to test", () => {
  expect(drivers).toContain("sqlite");
});

for (const driver of drivers) {
  const module: unknown = await import(new URL(`./${driver}/testbed.ts`, import.meta.url).href);
  const { testbed } = testbedModule.parse(module);
  describeJobStore(driver, testbed);
  describeJobStoreModel(driver, testbed);
}
