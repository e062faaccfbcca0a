import { describe, expect, it } from "vitest";
import { logLevels } from "../telemetry/log-levels.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { loadConfig, type LoadConfig, type LoadedConfig } from "./load-config.ts";
import { flagOf, settingList, settings, written } from "./settings.ts";

function load(params: Partial<LoadConfig> & { readonly file?: string } = {}): LoadedConfig {
  return loadConfig({
    argv: params.file === undefined ? (params.argv ?? []) : [...(params.argv ?? []), "--config", "gateway.yml"],
    env: {},
    readFile: () => params.file ?? "",
    ...(params.env === undefined ? {} : { env: params.env }),
    ...(params.switches === undefined ? {} : { switches: params.switches }),
    ...(params.workflowsBeside === undefined ? {} : { workflowsBeside: params.workflowsBeside }),
  });
}

function problemsOf(run: () => unknown): readonly ConfigProblem[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function sourceOf(loaded: LoadedConfig, name: string): string | undefined {
  return loaded.effective.find((setting) => setting.name === name)?.source;
}

describe("defaults", () => {
  it("are what the table says when nothing is set", () => {
    expect(load().config).toEqual({
      host: "127.0.0.1",
      port: 3000,
      comfyuiUrl: "http://127.0.0.1:8188",
      dataDir: "./data",
      workflowsDir: null,
      catalogFile: null,
      waitSeconds: 60,
      demo: false,
      prefetch: 1,
      maxQueued: 10_000,
      startTimeoutSeconds: 0,
      runTimeoutSeconds: 3600,
      drainSeconds: 30,
      retentionMs: 604_800_000,
      maxStorageBytes: null,
      comfyuiOutputDir: null,
      webhookSecret: null,
      apiKeys: null,
      apiKeysFile: null,
      insecure: false,
      keyRequestsPerMinute: 100,
      keyMaxRunning: 3,
      keyMaxQueued: 1_000,
      closedPaths: [],
      allowedOrigins: [],
      linkSeconds: 86_400,
      noRawGraphs: false,
      deniedNodes: [],
      maxImageBytes: 50_000_000,
      maxImagePixels: 100_000_000,
      maxJsonBytes: 10_000_000,
      maxFileBytes: 2_000_000_000,
      maxInlineBytes: 8_000_000,
      fetchPrivateAddresses: false,
      fetchTimeoutSeconds: 30,
      leaseSeconds: 30,
      otlpEndpoint: null,
      logLevel: "info",
    });
  });

  it("are each allowed by their own rule", () => {
    for (const setting of settingList) {
      expect(setting.value.schema.safeParse(written(setting, setting.default)), setting.name).toMatchObject({ success: true });
    }
  });

  it("take the workflows folder beside the executable, which anything set overrides", () => {
    expect(load({ workflowsBeside: "/opt/workflows" }).config.workflowsDir).toBe("/opt/workflows");
    expect(load({ workflowsBeside: "/opt/workflows", env: { WORKFLOWS_DIR: "mine" } }).config.workflowsDir).toBe("mine");
  });
});

describe("precedence", () => {
  it("is flag, environment, file, default for every setting", () => {
    const file = "port: 1\n";
    expect(load({ file, env: { PORT: "2" }, argv: ["--port", "3"] }).config.port).toBe(3);
    expect(load({ file, env: { PORT: "2" } }).config.port).toBe(2);
    expect(load({ file }).config.port).toBe(1);
    expect(sourceOf(load({ file, env: { PORT: "2" }, argv: ["--port", "3"] }), "port")).toBe("flag");
    expect(sourceOf(load({ file, env: { PORT: "2" } }), "port")).toBe("environment");
    expect(sourceOf(load({ file }), "port")).toBe("file");
    expect(sourceOf(load(), "port")).toBe("default");
  });

  it("counts an empty environment variable as unset", () => {
    expect(sourceOf(load({ env: { PORT: "", COMFYUI_API_CONFIG: "" } }), "port")).toBe("default");
  });

  it("takes the last of a flag given twice", () => {
    expect(load({ argv: ["--port=1", "--port", "2"] }).config.port).toBe(2);
  });

  it("reads the file that the environment names, unless the flag names one", () => {
    const readFile = (path: string): string => (path === "a.yml" ? "port: 1" : "port: 2");
    expect(loadConfig({ argv: [], env: { COMFYUI_API_CONFIG: "a.yml" }, readFile }).config.port).toBe(1);
    expect(loadConfig({ argv: ["--config=b.yml"], env: { COMFYUI_API_CONFIG: "a.yml" }, readFile }).config.port).toBe(2);
  });
});

describe("every setting", () => {
  it("has a name, an environment variable and a flag of its own", () => {
    for (const of of [(s: (typeof settingList)[number]) => s.name, (s: (typeof settingList)[number]) => s.env]) {
      expect(new Set(settingList.map(of)).size).toBe(settingList.length);
    }
    expect(flagOf("max_file_bytes")).toBe("--max-file-bytes");
  });

  it("is reported by name and origin when its flag, variable or key holds nonsense", () => {
    for (const setting of settingList) {
      const nonsense = { nested: true };
      expect(problemsOf(() => load({ file: `${setting.name}: ${JSON.stringify(nonsense)}` }))).toEqual([
        { setting: setting.name, origin: `${setting.name} in gateway.yml`, message: expect.stringContaining(setting.value.allowed) },
      ]);
    }
    expect(problemsOf(() => load({ argv: ["--port", "x"] }))[0]?.origin).toBe("flag --port");
    expect(problemsOf(() => load({ env: { PORT: "x" } }))[0]?.origin).toBe("environment variable PORT");
  });

  it("knows the log levels of the logger", () => {
    for (const level of logLevels) expect(load({ argv: ["--log-level", level] }).config.logLevel).toBe(level);
    for (const level of logLevels) expect(settings.logLevel.value.allowed).toContain(level);
  });

  it("knows levels of modules, and tells of a module or level that there is none of", () => {
    expect(load({ argv: ["--log-level", "info, runner=DEBUG"] }).config.logLevel).toBe("info, runner=debug");
    for (const wrong of ["loud", "runer=debug", "info,", "runner=loud"]) expect(problemsOf(() => load({ argv: ["--log-level", wrong] }))).toHaveLength(1);
  });
});

describe("problems", () => {
  it("come all at once", () => {
    const problems = problemsOf(() =>
      load({ file: "prot: 1\nwait_seconds: 999\n", env: { PREFETCH: "many" }, argv: ["stray", "--prot", "1", "--port", "3000abc", "--host"] }),
    );
    expect(problems.map((problem) => problem.setting).toSorted()).toEqual(["--host", "--prot", "port", "prefetch", "prot", "stray", "wait_seconds"]);
  });

  it.each(["3000abc", "", "3e3", "12.5", "-1", "65536", "0x10", "99999999999999999999"])("refuse %j as a port", (port) => {
    expect(problemsOf(() => load({ argv: [`--port=${port}`] }))).toEqual([
      { setting: "port", origin: "flag --port", message: `${JSON.stringify(port)} is not allowed; allowed: a whole number from 0 to 65535` },
    ]);
  });

  it("suggest the flag and the key that were meant", () => {
    expect(problemsOf(() => load({ argv: ["--work-flows-dir=x"] }))[0]?.message).toContain("did you mean --workflows-dir?");
    expect(problemsOf(() => load({ file: "data-dir: x" }))[0]?.message).toContain("did you mean data_dir?");
    expect(problemsOf(() => load({ argv: ["-p", "1"] }))[0]).toMatchObject({ setting: "-p", message: expect.stringContaining("unknown flag") });
  });

  it.each(["ftp://host", "localhost:8188", "127.0.0.1:8188", "http://", "http://h/?a=b", "http://h/#x"])("refuse %j as ComfyUI's address", (url) => {
    expect(problemsOf(() => load({ env: { COMFYUI_URL: url } })).map((problem) => problem.setting)).toEqual(["comfyui_url"]);
  });

  it("never repeat a value that may hold a password", () => {
    const problems = problemsOf(() => load({ argv: ["--comfyui-url", "htp:/me:hunter2@host"] }));
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it("name a file that cannot be read, is not YAML, or is not a mapping", () => {
    const unreadable = (): string => {
      throw new Error("ENOENT: no such file");
    };
    expect(problemsOf(() => loadConfig({ argv: ["--config", "no.yml"], env: {}, readFile: unreadable }))).toEqual([
      { setting: "config", origin: "no.yml", message: "cannot be read: ENOENT: no such file" },
    ]);
    for (const file of ["port: [1", "- 1\n- 2", "just words", "port: 1\nport: 2", "port: *nowhere"]) {
      expect(problemsOf(() => load({ file }))[0], file).toMatchObject({ setting: "config", origin: "gateway.yml" });
    }
  });
});

describe("the file", () => {
  it("may be JSON, empty, or use YAML's own numbers and booleans", () => {
    expect(load({ file: '{"port": 8080, "fetch_private_addresses": true}' }).config).toMatchObject({ port: 8080, fetchPrivateAddresses: true });
    expect(load({ file: "# nothing yet\n" }).config.port).toBe(3000);
    expect(load({ file: 'port: "8080"\nfetch_private_addresses: off' }).config).toMatchObject({ port: 8080, fetchPrivateAddresses: false });
  });
});

describe("demo", () => {
  it.each([
    [["--demo"], true],
    [["--demo", "--port", "1"], true],
    [["--demo", "off"], false],
    [["--demo=false"], false],
    [["--demo", "1"], true],
    [["--demo=TRUE"], true],
    [[], false],
  ])("%j is %s", (argv, demo) => {
    expect(load({ argv }).config.demo).toBe(demo);
  });

  it("auto is on exactly when nobody set ComfyUI's address", () => {
    expect(load({ argv: ["--demo", "auto"] }).config.demo).toBe(true);
    expect(load({ argv: ["--demo=auto"], env: { COMFYUI_URL: "http://127.0.0.1:8188" } }).config.demo).toBe(false);
    expect(load({ argv: ["--demo=auto"], file: "comfyui_url: http://gpu:8188" }).config.demo).toBe(false);
  });

  it("refuses another word instead of taking it for an argument", () => {
    expect(problemsOf(() => load({ argv: ["--demo", "maybe"] })).map((problem) => problem.setting)).toEqual(["demo"]);
  });
});

describe("ComfyUI's address", () => {
  it("loses its trailing slash and keeps path and user", () => {
    expect(load({ env: { COMFYUI_URL: "https://me:pw@gpu.example/comfy/" } }).config.comfyuiUrl).toBe("https://me:pw@gpu.example/comfy");
    expect(load({ env: { COMFYUI_URL: "http://gpu:8188/" } }).config.comfyuiUrl).toBe("http://gpu:8188");
  });

  it("is shown without user and password", () => {
    const { effective } = load({ env: { COMFYUI_URL: "https://me:hunter2@gpu.example/x" } });
    expect(effective.find((setting) => setting.name === "comfyui_url")).toEqual({
      name: "comfyui_url",
      value: "https://***@gpu.example/x",
      source: "environment",
    });
  });
});

describe("the webhook secret", () => {
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

  it("is taken as it is and never shown", () => {
    const { config, effective } = load({ env: { WEBHOOK_SECRET: secret } });
    expect(config.webhookSecret).toBe(secret);
    expect(effective.find((setting) => setting.name === "webhook_secret")?.value).toBe("***");
  });

  it.each([23, 65])("may not be %i bytes long, and is not repeated when it is refused", (length) => {
    const refused = `whsec_${Buffer.alloc(length, 7).toString("base64")}`;
    const problems = problemsOf(() => load({ env: { WEBHOOK_SECRET: refused } }));
    expect(problems.map((problem) => problem.setting)).toEqual(["webhook_secret"]);
    expect(JSON.stringify(problems)).not.toContain(refused.slice(6, 20));
  });

  it.each([secret.slice(6), `${secret}=`, `whsec_${"!".repeat(40)}`, "whsec_"])("may not be written %j", (refused) => {
    expect(problemsOf(() => load({ env: { WEBHOOK_SECRET: refused } }))).toHaveLength(1);
  });
});

describe("quantities", () => {
  it("are read with their unit and shown with it", () => {
    const { config, effective } = load({ argv: ["--retention=36h"], env: { MAX_STORAGE: "50GB" } });
    expect(config).toMatchObject({ retentionMs: 129_600_000, maxStorageBytes: 50_000_000_000 });
    expect(effective).toContainEqual({ name: "retention", value: "36h", source: "flag" });
    expect(effective).toContainEqual({ name: "max_storage", value: "50GB", source: "environment" });
  });

  it("are without bound when they are 0", () => {
    expect(load({ file: "retention: 0\nmax_storage: 0\n" }).config).toMatchObject({ retentionMs: null, maxStorageBytes: null });
  });
});

describe("a command's own flags", () => {
  it("are known to that command only, and take no value", () => {
    expect(load({ argv: ["--json"], switches: ["json"] }).switches.has("json")).toBe(true);
    expect(problemsOf(() => load({ argv: ["--json"] }))).toHaveLength(1);
    expect(problemsOf(() => load({ argv: ["--json=yes"], switches: ["json"] }))).toHaveLength(1);
  });
});
