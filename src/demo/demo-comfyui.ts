import { once } from "node:events";
import type { Server } from "node:http";
import { FaultSwitches, type DemoFaults } from "./faults.ts";
import { FileTree, type FolderType, type StoredFile } from "./file-tree.ts";
import type { FixedRuns } from "./fixed-run.ts";
import { createDemoServer } from "./http/serve.ts";
import type { Dialect } from "./input-check.ts";
import { nodeClasses } from "./node-classes.ts";
import { RunRecord, type AcceptedPrompt } from "./run-record.ts";
import { ServerLife } from "./server-life.ts";

export interface DemoOptions {
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** Which ComfyUI it plays: 0.3.64, or the newer one that comfyui-protocol.md marks [N]. */
  readonly dialect?: Dialect;
  /** Time of one sampler step. 0, the default: none. */
  readonly stepMs?: number;
  /** Prompts are not run: each takes a given time and saves a given file. Default: they are run. */
  readonly fixedRuns?: FixedRuns;
  /** Of any request body. Default 100 MiB, as `--max-upload-size`. */
  readonly maxUploadBytes?: number;
  /** Whether the end of an old socket also silences the newer one of the same client, as in the real server. Default true. */
  readonly staleClose?: boolean;
  /** Whether samplers send preview images, as with `--preview-method latent2rgb`; false: as a ComfyUI without that option. Default true. */
  readonly previews?: boolean;
  /** The order in which a prompt's outputs are queued: in the real server that of a Python set, different in each process. */
  readonly orderOutputs?: (ids: readonly string[]) => readonly string[];
}

export interface DemoComfyui {
  /** Without a trailing slash. */
  readonly url: string;
  readonly faults: DemoFaults;
  /** Prompts that were queued, oldest first, also those of before a restart. */
  accepted(): readonly AcceptedPrompt[];
  /** How often the worker began each prompt. */
  runs(): ReadonlyMap<string, number>;
  /** Paths below a folder, oldest first. */
  fileNames(type: FolderType): readonly string[];
  file(type: FolderType, filePath: string): StoredFile | undefined;
  /** Sockets that are open now. */
  socketCount(): number;
  /** Faults of the stand-in itself that were hidden behind a 500: a test may assert that there are none. */
  crashes(): readonly unknown[];
  stop(): Promise<void>;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

/**
 * Starts a ComfyUI that needs no GPU and no models: it speaks the protocol of comfyui-protocol.md and draws what it was
 * asked for. All of its state is in memory, inside the returned object.
 */
export async function startDemoComfyui(options: DemoOptions = {}): Promise<DemoComfyui> {
  const host = options.host ?? "127.0.0.1";
  const files = new FileTree();
  const record = new RunRecord();
  const switches = new FaultSwitches();

  const newLife = (): ServerLife =>
    new ServerLife({
      definitions: nodeClasses,
      files,
      record,
      faults: switches,
      dialect: options.dialect ?? "0.3.64",
      stepMs: options.stepMs ?? 0,
      fixedRuns: options.fixedRuns ?? null,
      maxUploadBytes: options.maxUploadBytes ?? 104_857_600,
      staleClose: options.staleClose ?? true,
      previews: options.previews ?? true,
      orderOutputs: options.orderOutputs ?? ((ids) => ids),
    });

  let life = newLife();
  let server = createDemoServer({ life, faults: switches, record });
  const port = await listen(server, host, options.port ?? 0);
  let up = true;

  const goDown = async (): Promise<void> => {
    if (!up) return;
    up = false;
    life.end();
    await close(server);
    files.clear("temp");
  };
  const comeBack = async (): Promise<void> => {
    if (up) return;
    life = newLife();
    server = createDemoServer({ life, faults: switches, record });
    await listen(server, host, port);
    up = true;
  };

  const faults: DemoFaults = {
    killWorker: () => life.killWorker(),
    goDown,
    comeBack,
    restart: async () => {
      await goDown();
      await comeBack();
    },
    dropSockets: () => life.hub.dropAll(),
    silenceSockets: () => life.hub.silenceAll(),
    holdNode: (classType, step = 0) => switches.holdNode(classType, step),
    get ignoreInterrupts() {
      return switches.ignoreInterrupts;
    },
    set ignoreInterrupts(ignored) {
      switches.ignoreInterrupts = ignored;
    },
    holdAnswers: (path) => switches.holdAnswers(path),
    resetAfterAccepting: (count) => switches.resetAfterAccepting(count),
    failRequests: (path, { status, count }) => switches.failRequests(path, status, count),
  };

  const shownHost = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${port}`,
    faults,
    accepted: () => record.accepted,
    runs: () => record.runs,
    fileNames: (type) => files.list(type),
    file: (type, filePath) => files.read(type, filePath),
    socketCount: () => life.hub.size,
    crashes: () => record.crashes,
    stop: goDown,
  };
}
