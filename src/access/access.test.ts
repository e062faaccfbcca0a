import { describe, expect, it } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { hashKey, newKeyText } from "./key-text.ts";
import { KeyRing } from "./key-ring.ts";
import { checkNames, keyEntry, readKeysFile, readKeysVariable } from "./keys-text.ts";
import { LinkSigner } from "./link-signer.ts";
import { loadKeys } from "./load-keys.ts";
import { RequestBudget } from "./request-budget.ts";

const limits = { requestsPerMinute: 100, maxRunning: 3, maxQueued: 1000 };

describe("a key", () => {
  it("is random, and known again by its hash alone", () => {
    const [key, other] = [newKeyText(), newKeyText()];
    expect(key).not.toBe(other);
    const entry = keyEntry({ name: "ci", hash: hashKey(key), scopes: ["run"] });
    expect(entry).not.toContain(key);
    const ring = new KeyRing(readKeysFile(`keys:\n${entry}`, limits));
    expect(ring.find(key)).toMatchObject({ name: "ci", limits });
    for (const wrong of [other, "", key.slice(0, -1), `${key}x`, "x".repeat(100_000), hashKey(key)]) expect(ring.find(wrong)).toBeNull();
  });

  it("of a variable has a name of its own, or one that gives nothing away", () => {
    const [plain, named] = readKeysVariable("0123456789abcdef, alice:fedcba9876543210:read+admin", limits);
    expect(plain?.name).toMatch(/^key-[0-9a-f]{8}$/);
    expect(named).toMatchObject({ name: "alice", scopes: new Set(["read", "admin"]) });
  });

  it.each(["short", "a b:0123456789abcdef", "a:0123456789abcdef:root", "a:b:c:d"])("written as %j is refused without repeating it", (text) => {
    expect(() => readKeysVariable(text, limits)).toThrow(expect.objectContaining({ name: "KeysError", message: expect.not.stringContaining(text) }));
  });

  it.each(["keys: 1", "keys:\n  - name: a\n    hash: plain", "keys: [", "keys:\n  - name: a\n    key: secret", "a: &a [*a]"])("file %j is refused", (text) => {
    expect(() => readKeysFile(text, limits)).toThrow(expect.objectContaining({ name: "KeysError" }));
  });

  it("shares its name with no other", () => {
    expect(() => checkNames(readKeysVariable("a:0123456789abcdef,a:fedcba9876543210", limits))).toThrow("Two API keys");
  });

  it("must be there when keys are asked for: an empty list does not open the door", async () => {
    await expect(loadKeys({ variable: " , ", file: null, defaults: limits })).rejects.toThrow("there is none");
    await expect(loadKeys({ variable: null, file: "/nowhere/keys.yml", defaults: limits })).rejects.toThrow("cannot be read");
    expect(await loadKeys({ variable: null, file: null, defaults: limits })).toEqual([]);
  });
});

describe("a budget of requests", () => {
  it("takes a minute's worth at once, then one each as time goes on, of each key apart", () => {
    const clock = new HeldClock();
    const budget = new RequestBudget(clock);
    const take = (name: string): number => budget.take({ name, requestsPerMinute: 60 });
    for (let n = 0; n < 60; n += 1) expect(take("a")).toBe(0);
    expect(take("a")).toBe(1000);
    expect(take("b")).toBe(0);
    clock.advance(1000);
    expect(take("a")).toBe(0);
    expect(take("a")).toBeGreaterThan(0);
  });
});

describe("a signed link", () => {
  it("is good for its path until its end", () => {
    const clock = new HeldClock();
    const signer = new LinkSigner({ secret: "s", lifeSeconds: 60, clock });
    const link = new URL(signer.sign("/v1/jobs/a/outputs/0"), "http://h");
    const given = { expires: link.searchParams.get("expires") ?? "", signature: link.searchParams.get("signature") ?? "" };
    expect(signer.check(link.pathname, given)).toBe("valid");
    expect(signer.check("/v1/jobs/a/outputs/1", given)).toBe("forged");
    expect(signer.check(link.pathname, { ...given, expires: `${given.expires}0` })).toBe("forged");
    expect(new LinkSigner({ secret: "other", lifeSeconds: 60, clock }).check(link.pathname, given)).toBe("forged");
    clock.advance(360_000);
    expect(signer.check(link.pathname, given)).toBe("expired");
  });
});
