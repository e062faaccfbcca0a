import { expect, it } from "vitest";
import { operationNames } from "./operation-ids.ts";

it("gives each workflow a name of its own that fits an operationId", () => {
  const names = operationNames(["a-b/c", "a/b/c", "a_b/c", "qwen/qwen_base_txt2img"]);
  expect([...names.values()]).toEqual(["a_b_c", "a_b_c_2", "a_b_c_3", "qwen_qwen_base_txt2img"]);
});
