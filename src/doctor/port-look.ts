import { once } from "node:events";
import { createServer } from "node:net";
import type { Finding } from "./finding.ts";

/** A program that holds the port and has not answered by then is no gateway. */
const patienceMs = 3_000;

/** Whether the gateway can listen where it should, or does already. */
export async function lookAtPort({ host, port }: { readonly host: string; readonly port: number }): Promise<Finding> {
  if (port === 0) return { area: "port", status: "ok", message: "Any free port is taken" };
  const server = createServer();
  const failed = Promise.withResolvers<string>();
  server.once("error", (error) => failed.resolve("code" in error && typeof error.code === "string" ? error.code : error.message));
  server.listen({ host, port, exclusive: true });
  const outcome = await Promise.race([once(server, "listening").then(() => null), failed.promise]);
  if (outcome === null) {
    const closed = once(server, "close");
    server.close();
    await closed;
    return { area: "port", status: "ok", message: `Port ${port} on ${host} is free` };
  }
  if (outcome === "EADDRINUSE" && (await isGateway(host, port))) return { area: "port", status: "ok", message: `A comfyui-api serves on port ${port} already` };
  return { area: "port", status: "failure", ...reasonOf(outcome, host, port) };
}

function reasonOf(code: string, host: string, port: number): Pick<Finding, "message" | "fix"> {
  if (code === "EADDRINUSE") return { message: `Port ${port} on ${host} is in use by another program`, fix: "Stop that one, or choose another with --port" };
  if (code === "EACCES") return { message: `This user may not listen on port ${port}`, fix: "Choose one from 1024 up with --port; the service of `comfyui-api service install` may take a lower one" };
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return { message: `${host} is not an address of this machine`, fix: "Choose another with --host" };
  return { message: `Port ${port} on ${host} cannot be taken: ${code}` };
}

async function isGateway(host: string, port: number): Promise<boolean> {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${reached}:${port}/health`, { signal: AbortSignal.timeout(patienceMs), redirect: "error" });
    const text = await answer.text();
    // Its own word, also when it asks who calls.
    return (answer.ok && text.includes('"ok"')) || text.includes("urn:comfyui-api:error:");
  } catch {
    return false;
  }
}
