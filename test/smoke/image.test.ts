import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DockerfileParser, type Instruction } from "dockerfile-ast";
import { validate, ValidationSeverity } from "dockerfile-utils";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { buildBinary } from "../../scripts/build-binary/build-binary.ts";
import { settings } from "../../src/config/settings.ts";
import { lastingPort } from "../faults/port.ts";
import { BareHost, whyNoBareHost } from "./bare-host.ts";

const buildTimeoutMs = 300_000;
const testTimeoutMs = 60_000;
const noBareHost = await whyNoBareHost();

const dockerfile = await readFile("Dockerfile.binary", "utf8");
const commandSchema = z.array(z.string()).min(1);

const error = ValidationSeverity.ERROR;
const strict = {
  deprecatedMaintainer: error,
  directiveCasing: error,
  emptyContinuationLine: error,
  instructionCasing: error,
  instructionCmdMultiple: error,
  instructionEntrypointMultiple: error,
  instructionHealthcheckMultiple: error,
  instructionJSONInSingleQuotes: error,
  instructionWorkdirRelative: error,
};

/** What the last stage of Dockerfile.binary says. */
function imageOf(text: string): {
  readonly base: string;
  readonly copies: readonly { readonly from: string; readonly to: string; readonly stage: string | null }[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly volumes: string;
  readonly port: string;
} {
  const all = DockerfileParser.parse(text).getInstructions();
  const stage = all.slice(all.findLastIndex((each) => each.getKeyword() === "FROM"));
  const the = (keyword: string): Instruction => {
    const found = stage.filter((each) => each.getKeyword() === keyword);
    expect([keyword, found.length]).toEqual([keyword, 1]);
    return found[0] ?? z.never().parse(keyword);
  };
  const argument = (keyword: string): string => the(keyword).getArgumentsContent() ?? "";
  const [name = "", value = ""] = argument("ARG").split("=");
  const copies = stage
    .filter((each) => each.getKeyword() === "COPY")
    .map((each) => {
      const words = each.getTextContent().split(/\s+/).slice(1);
      const [from = "", to = ""] = words.filter((word) => !word.startsWith("--"));
      return { from: from.replace(`\${${name}}`, value), to, stage: words.find((word) => word.startsWith("--from="))?.slice("--from=".length) ?? null };
    });
  return {
    base: argument("FROM"),
    copies,
    env: Object.fromEntries(argument("ENV").split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])),
    user: argument("USER"),
    command: commandSchema.parse(JSON.parse(argument("CMD"))),
    healthCheck: commandSchema.parse(JSON.parse(argument("HEALTHCHECK").replace(/^.*CMD /, ""))),
    volumes: argument("VOLUME"),
    port: argument("EXPOSE"),
  };
}

describe("Dockerfile.binary", () => {
  it("has no fault that a linter finds", () => {
    expect(validate(dockerfile, strict).map(({ message, range }) => ({ line: range.start.line + 1, message }))).toEqual([]);
  });

  it("finds a fault when there is one", () => {
    expect(validate(dockerfile.replace("EXPOSE 3000", "EXPOSE lots")).length).toBeGreaterThan(0);
  });

  it("makes an image without shell and root, of the executable, its map and its data, that tells its health", () => {
    const image = imageOf(dockerfile);
    expect(image.base).toMatch(/distroless\/cc-debian12:nonroot$/);
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(image.copies).toEqual([
      { from: "/data", to: "/data", stage: "data" },
      { from: "comfyui-api", to: "/usr/local/bin/comfyui-api", stage: null },
      { from: "comfyui-api.map", to: "/usr/local/bin/comfyui-api.map", stage: null },
    ]);
    expect([image.volumes, image.port, image.env["PORT"], image.env["DATA_DIR"]]).toEqual(['["/data"]', "3000", "3000", "/data"]);
    expect(dockerfile).toContain(`RUN install -d -o ${image.user.split(":")[0]} -g ${image.user.split(":")[1]} `);
  });

  it("sends no more to the builder than it copies", async () => {
    const rules = (await readFile("Dockerfile.binary.dockerignore", "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules).toEqual(["*", "!comfyui-api", "!comfyui-api.map", "!bin"]);
  });

  describe.skipIf(noBareHost !== null)(`its file tree, in a chroot${noBareHost === null ? "" : ` (skipped: ${noBareHost})`}`, () => {
    let host: BareHost;
    beforeAll(async () => {
      const dir = await mkdtemp(join(tmpdir(), "comfyui-api-image-"));
      const built = await buildBinary({ root: resolve("."), outfile: join(dir, "comfyui-api") });
      host = await BareHost.make(built, Number(imageOf(dockerfile).user.split(":")[0]));
      await rm(dir, { recursive: true });
    }, buildTimeoutMs);
    afterAll(() => host.remove());

    it("serves as its user with a read-only root, to whom has a key, and passes its health check", { timeout: testTimeoutMs }, async () => {
      const { command, env, user, healthCheck } = imageOf(dockerfile);
      const port = String(await lastingPort({ onTestFinished }));
      const key = "a-key-of-the-test-0123456789abcdef";
      const gateway = host.start({ command, user, env: { ...env, PORT: port, DEMO: "on", API_KEYS: `me:${key}` } });
      onTestFinished(async () => void (await host.end(gateway)));
      await gateway.printed(/serves on (\S+)\n/);
      const check = host.start({ command: healthCheck, user, env: { ...env, COMFYUI_API_URL: `http://127.0.0.1:${port}` } });
      expect(await check.end(), check.output).toBe(0);
      const run = (headers: Readonly<Record<string, string>>): Promise<Response> => fetch(`http://127.0.0.1:${port}/qwen/qwen_base_txt2img`, { method: "POST", body: '{"prompt":"image","width":256,"height":256}', headers: { accept: "image/png", ...headers } });
      expect((await run({})).status).toBe(401);
      const answer = await run({ "x-api-key": key });
      expect(answer.status, gateway.output).toBe(200);
      expect(PNG.sync.read(Buffer.from(await answer.arrayBuffer())).width).toBe(256);
    });

    it("does not start open to everybody", { timeout: testTimeoutMs }, async () => {
      const { command, env, user } = imageOf(dockerfile);
      const gateway = host.start({ command, user, env: { ...env, DEMO: "on" } });
      expect(await gateway.end(), gateway.output).toBe(2);
      expect(gateway.output).toContain("API_KEYS");
    });
  });
});

const serviceSchema = z.strictObject({
  image: z.string().optional(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string()),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()),
  depends_on: z.array(z.string()).optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  deploy: z.unknown().optional(),
});
const composeSchema = z.strictObject({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) });

describe("compose.yaml", async () => {
  const compose = composeSchema.parse(parse(await readFile("compose.yaml", "utf8")));
  const { comfyui, "comfyui-api-wrapper": gateway } = compose.services;

  it("runs the executable of the folder beside ComfyUI, where both are looked for", () => {
    expect(comfyui?.image).toContain("ghcr.io/saladtechnologies/comfyui-api:latest");
    expect(gateway).toMatchObject({
      build: { context: ".", dockerfile: "Dockerfile.binary" },
      command: ["/usr/local/bin/comfyui-api", "--comfyui-url", "http://comfyui:8188"],
      ports: ["3000:3000"],
      depends_on: ["comfyui"],
    });
    expect(gateway?.volumes).toContain("./comfyui-api:/usr/local/bin/comfyui-api:ro");
    expect(gateway?.volumes).toContain("data:/data");
    expect(Object.keys(compose.volumes)).toEqual(["data"]);
  });

  it("lets nobody reach ComfyUI but the gateway, and the gateway nobody without a key", () => {
    expect(comfyui?.ports).toEqual(["127.0.0.1:8188:8188"]);
    expect(gateway?.environment?.["API_KEYS"]).toMatch(/^\$\{API_KEYS:\?/);
  });

  it("gives the gateway no more than it needs, and running jobs their time to end", () => {
    expect(gateway).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], restart: "unless-stopped" });
    expect(Number(/^(\d+)s$/.exec(gateway?.stop_grace_period ?? "")?.[1])).toBeGreaterThan(settings.drainSeconds.default + 10);
  });

  it("sets only what the gateway knows", () => {
    const known: readonly string[] = Object.values(settings).map(({ env }) => env);
    expect(Object.keys({ ...gateway?.environment, ...imageOf(dockerfile).env }).filter((name) => !known.includes(name))).toEqual([]);
  });
});
