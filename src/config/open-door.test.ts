import { expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load-config.ts";
import { isLoopback } from "./loopback.ts";

const load = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): unknown => loadConfig({ argv, env, readFile: () => "" }).config;

it.each(["0.0.0.0", "::", "192.168.1.5", "gpu.example"])("an open gateway on %s does not start", (host) => {
  expect(() => load(["--host", host])).toThrow(ConfigError);
  expect(() => load(["--host", host])).toThrow("--insecure");
});

it("with keys, or when it is meant, it does", () => {
  expect(load(["--host", "0.0.0.0"], { API_KEYS: "0123456789abcdef" })).toMatchObject({ host: "0.0.0.0" });
  expect(load(["--host", "0.0.0.0", "--api-keys-file", "keys.yml"])).toMatchObject({ apiKeysFile: "keys.yml" });
  expect(load(["--host", "0.0.0.0", "--insecure"])).toMatchObject({ insecure: true });
});

it("keys are shown to nobody who asks for the settings", () => {
  const { effective } = loadConfig({ argv: [], env: { API_KEYS: "0123456789abcdef" }, readFile: () => "" });
  expect(JSON.stringify(effective)).not.toContain("0123456789abcdef");
});

it.each([["127.0.0.1", true], ["127.9.9.9", true], ["::1", true], ["[::1]", true], ["localhost", true], ["127.example", false], ["0.0.0.0", false], ["localhost.example", false]])(
  "%s is loopback: %s",
  (host, is) => {
    expect(isLoopback(host)).toBe(is);
  },
);
