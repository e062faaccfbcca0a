import { expect, it } from "vitest";
import { answer, runCommand, standInGateway } from "./jobs/stand-in-gateway.test-kit.ts";

it("ends with 0 when the gateway answers", async () => {
  const { url, requests } = await standInGateway((_request, response) => answer(response, 200, { status: "ok" }));
  const ran = runCommand(["health"], { env: { COMFYUI_API_URL: url } });
  expect([await ran.code, ran.printed(), requests]).toEqual([0, "lives\n", ["GET /health"]]);
});

it.each([401, 403])("ends with 0 when the gateway asks who calls (%d): it lives", async (status) => {
  const { url } = await standInGateway((_request, response) => answer(response, status, { detail: "Send a key.", code: "unauthorized" }));
  expect(await runCommand(["health", "--url", url]).code).toBe(0);
  expect(await runCommand(["health", "--url", url, "--ready"]).code).toBe(1);
});

it("tells why the gateway is not ready, and ends with 1", async () => {
  const { url, requests } = await standInGateway((_request, response) => answer(response, 503, { detail: "ComfyUI does not answer.", code: "not_ready" }));
  const ran = runCommand(["health", "--ready", "--url", url]);
  expect([await ran.code, ran.printed(), ran.complained(), requests]).toEqual([1, "", "ComfyUI does not answer.\n", ["GET /ready"]]);
});

it("ends with 1 when nobody answers", async () => {
  const ran = runCommand(["health", "--url", "http://127.0.0.1:9"]);
  expect([await ran.code, ran.complained()]).toEqual([1, "No gateway answers at http://127.0.0.1:9.\n"]);
});

it("gives up on a gateway that hangs", async () => {
  const asked = Promise.withResolvers<void>();
  const { url } = await standInGateway(() => asked.resolve());
  const ran = runCommand(["health", "--url", url]);
  await asked.promise;
  ran.clock.advance(10_000);
  expect([await ran.code, ran.complained()]).toEqual([1, `${url} has not answered for 10 s.\n`]);
});

it("refuses arguments it does not know with 2", async () => {
  expect(await runCommand(["health", "now"]).code).toBe(2);
  const ran = runCommand(["health", "--bogus"]);
  expect(await ran.code).toBe(2);
  expect(ran.complained()).toContain("`comfyui-api health --help`");
});
