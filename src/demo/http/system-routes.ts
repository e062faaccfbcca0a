import { freemem, totalmem } from "node:os";
import type { JsonObject } from "../../json/exact.ts";
import { modelFolders } from "../nodes/model-files.ts";
import { objectInfo } from "../object-info.ts";
import type { ServerLife } from "../server-life.ts";
import { empty, json, jsonValue, plain, type Answer } from "./answer.ts";
import type { Request } from "./request.ts";
import type { Route } from "./router.ts";

function systemStats(_request: Request, life: ServerLife): Answer {
  const next = life.params.dialect === "next";
  const memory = { vram_total: totalmem(), vram_free: freemem(), torch_vram_total: totalmem(), torch_vram_free: freemem() };
  const system: JsonObject = {
    os: next ? "linux" : "posix",
    ram_total: totalmem(),
    ram_free: freemem(),
    comfyui_version: next ? "0.38.1" : "0.3.64",
    required_frontend_version: "1.27.10",
    installed_templates_version: null,
    required_templates_version: "0.1.95",
    python_version: "3.12.0 (stand-in)",
    pytorch_version: "2.13.0+cpu",
    embedded_python: false,
    argv: ["main.py", "--cpu"],
    ...(next ? { comfy_package_versions: [], deploy_environment: "local-git" } : {}),
  };
  return json({ system, devices: [{ name: "cpu", type: "cpu", index: null, ...memory }] });
}

function allObjectInfo(_request: Request, { params }: ServerLife): Answer {
  return json(Object.fromEntries([...params.definitions].map(([name, definition]) => [name, objectInfo(definition, params.files)])));
}

function oneObjectInfo(request: Request, { params }: ServerLife): Answer {
  const name = request.params["class"] ?? "";
  const definition = params.definitions.get(name);
  return json(definition === undefined ? {} : { [name]: objectInfo(definition, params.files) });
}

function modelsIn(request: Request): Answer {
  const files = modelFolders.get(request.params["folder"] ?? "");
  return files === undefined ? empty(404) : json([...files]);
}

/** Sizes that a person can tell apart: the stand-in has no such files. */
function describedModelsIn(request: Request): Answer {
  const files = modelFolders.get(request.params["folder"] ?? "");
  if (files === undefined) return empty(404);
  return json(files.map((name) => ({ name, pathIndex: 0, modified: 1_760_000_000, created: 1_760_000_000, size: name.length * 100_000_000 })));
}

export const systemRoutes: readonly Route[] = [
  { method: "GET", path: "/system_stats", handle: systemStats },
  { method: "GET", path: "/features", handle: (_request, life) => json(life.features()) },
  { method: "GET", path: "/object_info", handle: allObjectInfo },
  { method: "GET", path: "/object_info/{class}", handle: oneObjectInfo },
  { method: "GET", path: "/models", handle: () => json([...modelFolders.keys()]) },
  { method: "GET", path: "/models/{folder}", handle: modelsIn },
  { method: "GET", path: "/experiment/models/{folder}", handle: describedModelsIn },
  { method: "GET", path: "/embeddings", handle: () => json([]) },
  { method: "GET", path: "/extensions", handle: () => json([]) },
  { method: "GET", path: "/users", handle: () => json({ storage: "server", migrated: false }) },
  { method: "GET", path: "/settings", handle: () => json({}) },
  { method: "GET", path: "/settings/{id}", handle: () => jsonValue(null) },
  {
    method: "GET",
    path: "/ws",
    handle: () => plain(400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".'),
  },
  {
    method: "GET",
    path: "/",
    handle: () => ({ status: 200, headers: { "Content-Type": "text/html" }, body: "<!doctype html><title>ComfyUI stand-in</title>" }),
  },
];
