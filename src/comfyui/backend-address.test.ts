import { describe, expect, it } from "vitest";
import { parseBackendAddress } from "./backend-address.ts";

describe("parseBackendAddress", () => {
  it("turns a user and password into Basic authorization and keeps them out of every address", () => {
    const address = parseBackendAddress("https://us%40er:p%C3%A4ss@gpu.example:8443/");
    expect(address.authorization).toBe(`Basic ${Buffer.from("us@er:päss").toString("base64")}`);
    expect(address.http("/api/prompt")).toBe("https://gpu.example:8443/api/prompt");
    expect(address.socket("id")).toBe("wss://gpu.example:8443/api/ws?clientId=id");
  });

  it("takes a password with a stray percent sign as it is", () => {
    expect(parseBackendAddress("http://u:100%@host").authorization).toBe(`Basic ${Buffer.from("u:100%").toString("base64")}`);
  });

  it("keeps the path that a proxy put before ComfyUI", () => {
    const address = parseBackendAddress("http://host:1/comfy/");
    expect(address.http("/api/view", { filename: "a b.png" })).toBe("http://host:1/comfy/api/view?filename=a+b.png");
    expect(address.socket("id")).toBe("ws://host:1/comfy/api/ws?clientId=id");
    expect(address.authorization).toBeNull();
  });

  it.each([
    ["http://127.0.0.1:8188", true],
    ["http://127.1:8188", true],
    ["http://LOCALHOST:8188", true],
    ["http://comfy.localhost", true],
    ["http://[::1]:8188", true],
    ["http://comfyui:8188", false],
    ["http://10.0.0.5:8188", false],
    ["http://127.0.0.1.example:8188", false],
    ["http://notlocalhost", false],
  ])("tells whether %s is this machine: %s", (url, onThisMachine) => {
    expect(parseBackendAddress(url).onThisMachine).toBe(onThisMachine);
  });

  it("refuses what is not http without repeating it", () => {
    for (const url of ["ftp://user:secret@host", "not a url secret", "ws://secret"]) {
      expect(() => parseBackendAddress(url)).toThrow(TypeError);
      expect(() => parseBackendAddress(url)).not.toThrow(/secret/);
    }
  });
});
