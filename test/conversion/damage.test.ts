import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors/app-error.ts";
import { convertExport, type Conversion } from "../../src/graph/convert/convert-export.ts";
import { isLink } from "../../src/graph/graph.ts";
import { largeExport } from "./large-export.ts";
import { core, guiExport, node, subgraph, subgraphId } from "./gui-export.ts";

/** One export with everything in it that is read specially. */
function sample(): unknown {
  const inner = subgraph(2, { in: ["seed: INT"], out: ["LATENT: LATENT"], nodes: [node(3, "KSampler", { values: [1, "fixed", 20, 8, "euler", "normal", 1], in: ["seed (widget): INT <- 1"], out: ["LATENT"] })], links: [[1, -10, 0, 3, 0, "INT"], [2, 3, 0, -20, 0, "LATENT"]] });
  const outer = subgraph(1, { in: ["seed: INT"], out: ["LATENT: LATENT"], nodes: [node(9, subgraphId(2), { values: [5], in: ["seed (widget): INT <- 1"], out: ["LATENT"], properties: { proxyWidgets: [["-1", "seed"]] } })], links: [[1, -10, 0, 9, 0, "INT"], [2, 9, 0, -20, 0, "LATENT"]] });
  const gui = guiExport({
    subgraphs: [outer, inner],
    nodes: [
      node(1, "CheckpointLoaderSimple", { values: ["m.safetensors"], out: ["MODEL", "CLIP", "VAE"] }),
      node(2, "Reroute", { in: ["x: * <- 1"], out: ["*"] }),
      node(3, "SetNode", { values: ["vae"], in: ["VAE: VAE <- 2"], out: ["*"] }),
      node(4, "GetNode", { values: ["vae"], out: ["VAE"] }),
      node(5, subgraphId(1), { values: [7], out: ["LATENT"], in: ["seed (widget): INT <- 3"] }),
      node(6, "PrimitiveNode", { values: [3, "fixed"], out: ["INT"] }),
      node(7, "VAEDecode", { in: ["samples: LATENT <- 4", "vae: VAE <- 5"], out: ["IMAGE"] }),
      node(8, "ImageInvert", { mode: 4, in: ["image: IMAGE <- 6"], out: ["IMAGE"] }),
      node(9, "SaveImage", { values: ["out"], named: { filename_prefix: "out" }, in: ["images: IMAGE <- 7"] }),
      node(10, "workflow>Draw", { values: ["a cat"], in: ["clip: CLIP <- 8"], out: ["CONDITIONING"] }),
      node(11, "Unknown", { values: { a: 1 }, in: ["x: CONDITIONING <- 9"] }),
    ],
    links: [[1, 1, 1, 2, 0, "CLIP"], [2, 1, 2, 3, 0, "VAE"], [3, 6, 0, 5, 0, "INT"], [4, 5, 0, 7, 0, "LATENT"], [5, 4, 0, 7, 1, "VAE"], [6, 7, 0, 8, 0, "IMAGE"], [7, 8, 0, 9, 0, "IMAGE"], [8, 2, 0, 10, 0, "CLIP"], [9, 10, 0, 11, 0, "CONDITIONING"]],
    extra: {
      groupNodes: { Draw: { nodes: [{ ...node(0, "CLIPTextEncode", { values: ["x"], in: ["clip: CLIP"], out: ["CONDITIONING"] }), index: 0 }], links: [[null, 0, 0, 0, 1, "CLIP"]], external: [[0, 0, "CONDITIONING"]] } },
      ue_links: [{ downstream: 9, downstream_slot: 0, upstream: 7, upstream_slot: 0, type: "IMAGE" }],
    },
  });
  return gui;
}

type Container = unknown[] | Record<string, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function setMember(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container)) container[Number(key)] = value;
  else container[key] = value;
}

function removeMember(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else delete container[key];
}

/** Every place in a JSON value: the container and the key. */
function placesIn(root: unknown): { container: Container; key: string }[] {
  const places: { container: Container; key: string }[] = [];
  const open = [root];
  for (const value of open) {
    if (!isContainer(value)) continue;
    for (const [key, member] of Object.entries(value)) {
      places.push({ container: value, key });
      open.push(member);
    }
  }
  return places;
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 1, 2, 5, 9, 1e300, "", "1", "-10", "-20", "x", "*", "__proto__", "constructor", [], {}, [[]], subgraphId(1), subgraphId(2), "workflow>Draw", "KSampler", "Reroute", "GetNode", true),
  fc.jsonValue({ maxDepth: 3 }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const damage = fc.record({ at: fc.nat(), how: fc.constantFrom("remove", "replace", "copy"), from: fc.nat(), junk });

/** What must hold of every conversion, whatever it was made of, and does not. */
function faultsOf(gui: unknown): string[] {
  let conversion: Conversion;
  try {
    conversion = convertExport(gui, core);
  } catch (error) {
    return error instanceof AppError ? [] : [`threw ${String(error)}`];
  }
  const { graph, report } = conversion;
  const links = Object.values(graph).flatMap((made) => Object.values(made.inputs).filter((input) => isLink(input)));
  const dangling = links.filter(([origin]) => !Object.hasOwn(graph, origin)).map(([origin]) => `links to ${origin}, which is not there`);
  return report.exact === (report.problems.length === 0) ? dangling : [...dangling, "calls itself exact with problems, or the reverse"];
}

describe("a damaged export", () => {
  it("is converted or refused with our own error, and never holds a link to a node that is not there", () => {
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 6 }), (damages) => {
        const gui = sample();
        for (const { at, how, from, junk: value } of damages) {
          const places = placesIn(gui);
          const [place, other] = [places[at % places.length], places[from % places.length]];
          if (place === undefined || other === undefined) continue;
          if (how === "remove") removeMember(place.container, place.key);
          else setMember(place.container, place.key, how === "replace" ? value : structuredClone(Object.entries(other.container).find(([key]) => key === other.key)?.[1]));
        }
        expect(faultsOf(gui)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it("of any JSON at all is converted or refused with our own error", () => {
    fc.assert(fc.property(fc.record({ nodes: fc.array(fc.oneof(fc.jsonValue(), fc.record({ id: junk, type: junk, inputs: junk, widgets_values: junk }))), links: junk, definitions: junk, extra: junk }), (gui) => {
      expect(faultsOf(gui)).toEqual([]);
    }), { numRuns: 300 });
  });

  it("that is nested without end is refused", () => {
    let deep: unknown = "end";
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(() => convertExport({ nodes: [node(1, "SaveImage", { values: deep })] }, core)).toThrow(AppError);
  });
});

describe("a large export", () => {
  it("of 10,000 nodes is converted whole, behind a chain of reroutes as long as it has rows", () => {
    const { graph, report } = convertExport(largeExport(10_000), core);
    expect(report.problems).toEqual([]);
    expect(Object.keys(graph).length).toBeGreaterThan(8_000);
    const samplers = Object.values(graph).filter((made) => made.class_type === "KSampler");
    expect(samplers.every((made) => isLink(made.inputs["model"]) && made.inputs["model"][0] === "1")).toBe(true);
  });

  it("of one circle of 10,000 reroutes ends", () => {
    const count = 10_000;
    const nodes = Array.from({ length: count }, (_, index) => node(index + 1, "Reroute", { in: [`x: * <- ${index + 1}`], out: ["*"] }));
    const links = Array.from({ length: count }, (_, index) => [index + 1, ((index + 1) % count) + 1, 0, index + 1, 0, "*"] as const);
    const gui = guiExport({ nodes: [...nodes, node(count + 1, "SaveImage", { values: ["x"], in: [`images: IMAGE <- ${count + 1}`] })], links: [...links, [count + 1, 1, 0, count + 1, 0, "IMAGE"]] });
    expect(convertExport(gui, core).report.problems).toMatchObject([{ kind: "dropped", input: "images" }]);
  });

  it("of 10,000 instances of one subgraph is converted whole", () => {
    const one = subgraph(1, { in: ["width: INT"], out: ["IMAGE: IMAGE"], nodes: [node(3, "EmptyImage", { values: [8, 8, 1, 0], in: ["width (widget): INT <- 1"], out: ["IMAGE"] })], links: [[1, -10, 0, 3, 0, "INT"], [2, 3, 0, -20, 0, "IMAGE"]] });
    const gui = guiExport({ subgraphs: [one], nodes: Array.from({ length: 10_000 }, (_, index) => node(index + 1, subgraphId(1), { values: [index], out: ["IMAGE"] })) });
    const { graph } = convertExport(gui, core);
    expect(graph["10000:3"]?.inputs["width"]).toBe(9_999);
  });
});
