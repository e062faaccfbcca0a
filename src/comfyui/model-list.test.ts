import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { HeldClock } from "../telemetry/held-clock.ts";
import { parseBackendAddress } from "./backend-address.ts";
import { ComfyHttp } from "./http-client.ts";
import { listModels, type ModelFile } from "./model-list.ts";
import { startScriptedServer, type ScriptedServer } from "./scripted-server.ts";

/** What each path answers; any other is not there. */
async function comfyui(answers: Readonly<Record<string, unknown>>): Promise<{ readonly http: ComfyHttp; readonly server: ScriptedServer }> {
  const server = await startScriptedServer({
    answer: ({ url }, response) => (url in answers ? response.end(JSON.stringify(answers[url])) : response.writeHead(404).end()),
  });
  const http = new ComfyHttp({ address: parseBackendAddress(server.url), clock: new HeldClock() });
  onTestFinished(() => server.stop());
  return { http, server };
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "model-list-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

async function file(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "x".repeat(bytes));
}

/** A ComfyUI of late 2024: it names its folders and what lies in each, and tells no sizes. */
function tellingNoSizes(folders: Readonly<Record<string, readonly string[]>>, models: readonly { readonly name: string; readonly pathIndex?: number }[]): Readonly<Record<string, unknown>> {
  return {
    "/api/models": Object.keys(folders),
    "/api/experiment/models": Object.entries(folders).map(([name, paths]) => ({ name, folders: paths })),
    ...Object.fromEntries(Object.keys(folders).map((name) => [`/api/experiment/models/${name}`, name === "loras" ? models : []])),
  };
}

const here = { onThisMachine: true };

async function sizesOf(answers: Readonly<Record<string, unknown>>, where = here): Promise<Record<string, number | null>> {
  const { http } = await comfyui(answers);
  return Object.fromEntries((await listModels(http, where)).map(({ name, size }) => [name, size]));
}

describe("listModels", () => {
  it("tells what ComfyUI tells, and asks for no folders then", async () => {
    const { http, server } = await comfyui({
      "/api/models": ["configs", "loras", "custom_nodes", "vae"],
      "/api/experiment/models/loras": [{ name: "a.safetensors", pathIndex: 0, modified: 1_760_000_000.5, created: 1, size: 7 }],
      "/api/experiment/models/vae": [],
    });
    expect(await listModels(http, here)).toEqual<ModelFile[]>([{ type: "loras", name: "a.safetensors", size: 7, modifiedAt: 1_760_000_000_500 }]);
    expect(server.requests.map(({ url }) => url)).toEqual(["/api/models", "/api/experiment/models/loras", "/api/experiment/models/vae"]);
  });

  it("asks the disk for sizes that ComfyUI does not tell, in the folder that it names", async () => {
    const [first, second] = [await folder(), await folder()];
    await file(join(first, "a.safetensors"), 3);
    await file(join(second, "a.safetensors"), 4);
    await file(join(second, "sub/b.safetensors"), 5);
    await utimes(join(second, "sub/b.safetensors"), 1_700_000_000, 1_700_000_000);
    const { http } = await comfyui(
      tellingNoSizes({ loras: [first, second] }, [
        { name: "a.safetensors", pathIndex: 1 },
        { name: "sub/b.safetensors", pathIndex: 1 },
        { name: "gone.safetensors", pathIndex: 0 },
        { name: "a.safetensors", pathIndex: 2 },
      ]),
    );
    expect((await listModels(http, here)).map(({ size }) => size)).toEqual([4, 5, null, null]);
    expect((await listModels(http, here))[1]).toEqual({ type: "loras", name: "sub/b.safetensors", size: 5, modifiedAt: 1_700_000_000_000 });
  });

  it("looks through the folders in ComfyUI's order when it tells names alone", async () => {
    const [first, second] = [await folder(), await folder()];
    await file(join(first, "a.safetensors"), 3);
    await file(join(second, "a.safetensors"), 4);
    await file(join(second, "b.safetensors"), 5);
    const plain = { "/api/models": ["loras"], "/api/models/loras": ["a.safetensors", "b.safetensors"] };
    const sizes = { "a.safetensors": 3, "b.safetensors": 5 };
    expect(await sizesOf({ ...plain, "/internal/folder_paths": { loras: [first, second] } })).toEqual(sizes);
    expect(await sizesOf({ ...plain, "/api/experiment/models": [{ name: "loras", folders: [first, second] }] })).toEqual(sizes);
    expect(await sizesOf(plain)).toEqual({ "a.safetensors": null, "b.safetensors": null });
  });

  it("asks no disk when ComfyUI is on another machine", async () => {
    const dir = await folder();
    await file(join(dir, "a.safetensors"), 3);
    const answers = tellingNoSizes({ loras: [dir] }, [{ name: "a.safetensors", pathIndex: 0 }]);
    expect(await sizesOf(answers, { onThisMachine: false })).toEqual({ "a.safetensors": null });
    expect(await sizesOf(answers)).toEqual({ "a.safetensors": 3 });
  });

  it("looks at nothing outside the model folders, whatever a model is called", async () => {
    const dir = await folder();
    await file(join(dir, "secret"), 3);
    const loras = join(dir, "models/loras");
    await file(join(loras, "..data"), 4);
    const hostile = ["../../secret", "sub/../../../secret", join(dir, "secret"), `/${join(dir, "secret")}`, "..", ".", "", "a\0b", "x".repeat(5000), "../loras/..data", "./..data"];
    const sizes = await sizesOf(tellingNoSizes({ loras: [loras] }, [...hostile, "..data"].map((name) => ({ name, pathIndex: 0 }))));
    expect(sizes).toEqual({ ...Object.fromEntries(hostile.map((name) => [name, null])), "..data": 4 });
  });

  it("follows links within the model folders and none that leads out of them", async () => {
    const dir = await folder();
    await file(join(dir, "secret"), 3);
    await file(join(dir, "disk/vae/v.safetensors"), 4);
    await mkdir(join(dir, "models/loras"), { recursive: true });
    // The folders themselves are ComfyUI's to name, wherever they lie.
    await symlink(join(dir, "disk/vae"), join(dir, "models/vae"));
    const links: Readonly<Record<string, string>> = {
      "named": join(dir, "models/vae/v.safetensors"),
      "real": join(dir, "disk/vae/v.safetensors"),
      "relative": "../../disk/vae/v.safetensors",
      "folder": join(dir, "models/vae"),
      "chain": "real",
      "out": join(dir, "secret"),
      "out-relative": "../../secret",
      "out-folder": dir,
      "out-chain": "out",
      "circle": "circle",
      "nowhere": "nothing",
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(dir, "models/loras", name));
    const names = [...Object.keys(links), "folder/v.safetensors", "out-folder/secret"];
    const folders = { loras: [join(dir, "models/loras")], vae: [join(dir, "models/vae")] };
    expect(await sizesOf(tellingNoSizes(folders, names.map((name) => ({ name, pathIndex: 0 }))))).toEqual({
      "named": 4,
      "real": 4,
      "relative": 4,
      "folder": null,
      "chain": 4,
      "out": null,
      "out-relative": null,
      "out-folder": null,
      "out-chain": null,
      "circle": null,
      "nowhere": null,
      "folder/v.safetensors": 4,
      "out-folder/secret": null,
    });
  });

  it("takes neither the whole disk nor a relative path for a folder of models", async () => {
    const dir = await folder();
    await file(join(dir, "a"), 3);
    await symlink("/", join(dir, "root"));
    for (const odd of ["/", "//", "/tmp/..", join(dir, "root"), ".", ""]) {
      expect(await sizesOf(tellingNoSizes({ loras: [odd] }, [{ name: join(dir, "a").slice(1), pathIndex: 0 }, { name: "package.json", pathIndex: 0 }])), odd).toEqual({
        [join(dir, "a").slice(1)]: null,
        "package.json": null,
      });
    }
  });

  it("lets others work while it measures many models", async () => {
    const dir = await folder();
    await file(join(dir, "a.safetensors"), 3);
    const many = Array.from({ length: 1_000 }, () => ({ name: "a.safetensors", pathIndex: 0 }));
    const { http } = await comfyui(tellingNoSizes({ loras: [dir] }, many));
    const listing = listModels(http, here);
    let turns = 0;
    let listed = false;
    const counting = (): void => {
      turns += 1;
      if (!listed) setImmediate(counting);
    };
    setImmediate(counting);
    const models = await listing;
    listed = true;
    expect(models.every(({ size }) => size === 3)).toBe(true);
    // A look at the disk ends in a turn of the loop of its own, or shares one with the few beside it.
    expect(turns).toBeGreaterThan(200);
  });
});
