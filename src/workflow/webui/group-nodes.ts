import { isJsonObject, type JsonObject, type JsonValue } from "../../json/exact.ts";
import { isJsonArray, scalarText } from "../json-value.ts";

/** rgthree's panels that switch all nodes inside the group frames whose title they match, and are no nodes that run. */
const groupSwitches: ReadonlySet<JsonValue | undefined> = new Set(["Fast Groups Bypasser (rgthree)", "Fast Groups Muter (rgthree)"]);

/** The front end's sizes: of a node's title bar, which lies above its position, and of a node folded to it. */
const titleHeight = 30;
const foldedWidth = 80;

function pair(value: JsonValue | undefined): readonly [number, number] {
  const at = (key: number): number => {
    const member = isJsonArray(value) ? value[key] : isJsonObject(value) ? value[String(key)] : undefined;
    return typeof member === "number" ? member : 0;
  };
  return [at(0), at(1)];
}

/** The middle of a node with its title bar. */
function centre(node: JsonObject): readonly [number, number] {
  const [x, y] = pair(node["pos"]);
  const [width, height] = pair(node["size"]);
  const isFolded = isJsonObject(node["flags"]) && node["flags"]["collapsed"] === true;
  return isFolded ? [x + foldedWidth / 2, y - titleHeight / 2] : [x + width / 2, y + (height - titleHeight) / 2];
}

function isInside(frame: JsonObject, [x, y]: readonly [number, number]): boolean {
  const bounding = frame["bounding"];
  if (!isJsonArray(bounding)) return false;
  const [left, top, width, height] = bounding.map((each) => (typeof each === "number" ? each : 0));
  return x >= (left ?? 0) && x < (left ?? 0) + (width ?? 0) && y >= (top ?? 0) && y < (top ?? 0) + (height ?? 0);
}

function objectsOf(gui: JsonObject, key: "nodes" | "groups"): readonly JsonObject[] {
  const list = gui[key];
  return isJsonArray(list) ? list.filter(isJsonObject) : [];
}

/** The titles a switch matches hold its own text, in any case. One that matches by colour alone says nothing here. */
function framesOf(gui: JsonObject, node: JsonObject): readonly JsonObject[] {
  const properties = isJsonObject(node["properties"]) ? node["properties"] : {};
  const wanted = properties["matchTitle"];
  if (typeof wanted !== "string" || wanted.trim() === "") return [];
  return objectsOf(gui, "groups").filter((frame) => typeof frame["title"] === "string" && frame["title"].toLowerCase().includes(wanted.trim().toLowerCase()));
}

function nodesInside(gui: JsonObject, frame: JsonObject): readonly string[] {
  return objectsOf(gui, "nodes").filter((node) => isInside(frame, centre(node))).map((node) => scalarText(node["id"]));
}

/** For each group frame whose title is wanted, the ids of its nodes. */
export function groupsNamed(gui: JsonObject, isWanted: (title: string) => boolean): readonly (readonly string[])[] {
  return objectsOf(gui, "groups").filter((frame) => typeof frame["title"] === "string" && isWanted(frame["title"])).map((frame) => nodesInside(gui, frame));
}

function isGroupSwitch(node: JsonObject): boolean {
  return groupSwitches.has(node["type"]);
}

/** The nodes that are meant by their ids, where a switch of groups means the nodes inside its groups. */
export function nodesOfGroups(gui: JsonObject, nodeIds: readonly string[]): readonly string[] {
  const nodes = objectsOf(gui, "nodes");
  return nodeIds.flatMap((id) => {
    const node = nodes.find((each) => scalarText(each["id"]) === id);
    if (node === undefined || !isGroupSwitch(node)) return [id];
    return [...new Set(framesOf(gui, node).flatMap((frame) => nodesInside(gui, frame)))];
  });
}
