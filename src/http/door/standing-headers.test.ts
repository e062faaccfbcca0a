import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { SocketAnswer } from "./standing-headers.ts";

const standing = [
  { name: "X-Frame-Options", value: "DENY" },
  { name: "X-Request-Id", value: "r1" },
];

async function answered(write: (answer: SocketAnswer) => void): Promise<Response> {
  const server = createServer({ ServerResponse: SocketAnswer }, (_, answer) => {
    answer.stand(standing);
    write(answer);
    answer.end("body");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server listens on no port");
  try {
    const response = await fetch(`http://127.0.0.1:${address.port}/`, { headers: { connection: "close" } });
    expect(await response.text()).toBe("body");
    return response;
  } finally {
    server.close();
    await once(server, "close");
  }
}

describe("an answer on a socket", () => {
  it("has its standing headers beside those it is given", async () => {
    const { status, headers } = await answered((answer) => answer.writeHead(201, { "Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"] }));
    expect(status).toBe(201);
    expect(Object.fromEntries(headers)).toMatchObject({ "x-frame-options": "DENY", "x-request-id": "r1", "content-type": "text/plain" });
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("sets a header itself instead, however it is spelled", async () => {
    const { headers } = await answered((answer) => answer.writeHead(200, { "x-frame-options": "SAMEORIGIN", "X-REQUEST-ID": "own" }));
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("x-request-id")).toBe("own");
  });

  it("has them whichever way it is written", async () => {
    const ways: readonly ((answer: SocketAnswer) => void)[] = [
      () => undefined,
      (answer) => answer.writeHead(200),
      (answer) => answer.writeHead(200, "Fine"),
      (answer) => answer.writeHead(200, "Fine", { "X-Own": "1" }),
      (answer) => answer.writeHead(200, ["X-Own", "1"]),
      (answer) => answer.setHeader("X-Own", "1"),
    ];
    for (const write of ways) {
      const { headers } = await answered(write);
      expect([headers.get("x-frame-options"), headers.get("x-request-id")]).toEqual(["DENY", "r1"]);
    }
    const mixed = await answered((answer) => answer.setHeader("x-frame-options", "SAMEORIGIN").writeHead(200, { "X-Own": "1" }));
    expect([mixed.headers.get("x-frame-options"), mixed.headers.get("x-own")]).toEqual(["SAMEORIGIN", "1"]);
  });
});
