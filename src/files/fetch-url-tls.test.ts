import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fetchUrl } from "./fetch-url.ts";
import type { Network } from "./pinned-connection.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A key and a certificate of its own for one name. */
function makeCertificate(name: string): { readonly key: string; readonly cert: string } {
  const dir = mkdtempSync(join(tmpdir(), "tls-"));
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const made = spawnSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-keyout", key, "-out", cert, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`,
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const pair = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(dir, { recursive: true });
  return pair;
}

// Skipped where there is no openssl to make a certificate with.
describe.skipIf(!hasOpenssl)("fetchUrl over TLS", () => {
  const trusted = getCACertificates("default");
  const options = { maxBytes: 1000, timeoutMs: 10_000, allowPrivateAddresses: false };
  /** Every name is this machine, and this machine alone may be reached. */
  const network: Network = {
    resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    mayReach: (address) => address === "127.0.0.1",
  };
  let server: Server;
  let certificate: string;
  let port: number;

  beforeAll(async () => {
    const { key, cert } = makeCertificate("files.example");
    certificate = cert;
    server = createServer({ key, cert }, (_request, response) => response.end("over TLS"));
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterEach(() => setDefaultCACertificates(trusted));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it("reaches the checked address under the name of the URL", async () => {
    setDefaultCACertificates([...trusted, certificate]);
    const { content } = await fetchUrl(new URL(`https://files.example:${port}/`), options, network);
    expect((await buffer(content)).toString()).toBe("over TLS");
  });

  it("refuses a certificate that is for another name", async () => {
    setDefaultCACertificates([...trusted, certificate]);
    await expect(fetchUrl(new URL(`https://other.example:${port}/`), options, network)).rejects.toMatchObject({ code: "file_fetch_failed" });
  });

  it("refuses a certificate that nobody vouches for", async () => {
    await expect(fetchUrl(new URL(`https://files.example:${port}/`), options, network)).rejects.toMatchObject({ code: "file_fetch_failed" });
  });
});
