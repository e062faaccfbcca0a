import { describe, expect, it } from "vitest";
import { parseSocketMessage } from "./messages.ts";

const read = (type: string, data: unknown) => parseSocketMessage(JSON.stringify({ type, data }));

const state = { state: "finished", node_id: "1", display_node_id: "1", real_node_id: null };

const good: readonly (readonly [string, object])[] = [
  ["status", { status: { exec_info: { queue_remaining: 3 } }, sid: "x" }],
  ["execution_start", { prompt_id: "p", timestamp: 1 }],
  ["execution_success", { prompt_id: "p" }],
  ["execution_cached", { prompt_id: "p", nodes: ["1"] }],
  ["executing", { prompt_id: "p", node: "1", display_node: "1" }],
  ["executing", { node: null }],
  ["progress", { prompt_id: "p", node: "1", value: 1, max: 2.5 }],
  ["progress", { prompt_id: "p", value: 1, max: 2 }],
  ["progress_state", { prompt_id: "p", nodes: { "1": state, "2": { state: "running", node_id: "2" } } }],
  ["executed", { prompt_id: "p", node: "1", output: null }],
  ["executed", { prompt_id: "p", node: "1", display_node: null, output: { images: [] } }],
  ["execution_error", { prompt_id: "p", node_id: "1", node_type: null, exception_message: "no" }],
];

const bad: readonly (readonly [string, unknown])[] = [
  ["status", undefined],
  ["status", { status: null }],
  ["status", { status: { exec_info: [] } }],
  ["status", { status: { exec_info: { queue_remaining: "3" } } }],
  ["execution_start", {}],
  ["execution_start", ["p"]],
  ["execution_start", { prompt_id: 7 }],
  ["execution_success", { prompt_id: null }],
  ["execution_cached", { prompt_id: "p" }],
  ["execution_cached", { prompt_id: "p", nodes: { "1": "1" } }],
  ["execution_cached", { prompt_id: "p", nodes: ["1", 2] }],
  ["executing", { prompt_id: "p" }],
  ["executing", { prompt_id: "p", node: 1 }],
  ["executing", { prompt_id: 1, node: "1" }],
  ["executing", { prompt_id: "p", node: "1", display_node: 1 }],
  ["progress", { prompt_id: "p", node: "1", value: "1", max: 2 }],
  ["progress", { prompt_id: "p", node: "1", value: 1 }],
  ["progress", { prompt_id: "p", node: 1, value: 1, max: 2 }],
  ["progress_state", { prompt_id: "p" }],
  ["progress_state", { prompt_id: "p", nodes: [state] }],
  ["progress_state", { prompt_id: "p", nodes: { "1": state, "2": null } }],
  ["progress_state", { prompt_id: "p", nodes: { "1": { ...state, state: 1 } } }],
  ["progress_state", { prompt_id: "p", nodes: { "1": { ...state, node_id: undefined } } }],
  ["progress_state", { prompt_id: "p", nodes: { "1": { ...state, display_node_id: 1 } } }],
  ["progress_state", { prompt_id: "p", nodes: { "1": { ...state, real_node_id: {} } } }],
  ["executed", { prompt_id: "p", output: {} }],
  ["executed", { node: "1", output: {} }],
  ["executed", { prompt_id: "p", node: "1", display_node: [], output: {} }],
  ["execution_error", { prompt_id: "p" }],
  ["execution_error", { prompt_id: "p", node_id: "1", node_type: 1 }],
  ["execution_error", { prompt_id: "p", node_id: "1", exception_message: ["no"] }],
];

describe("parseSocketMessage", () => {
  it.each(good)("reads %s %j as it stands", (type, data) => {
    expect(read(type, data)).toEqual({ type, data });
  });

  it.each(bad)("refuses %s %j", (type, data) => {
    expect(() => read(type, data)).toThrow(TypeError);
  });

  it("reads a status as Python writes it", () => {
    const data = { status: { exec_info: { queue_remaining: 12 } } };
    expect(parseSocketMessage('{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 12}}}}')).toEqual({ type: "status", data });
    expect(parseSocketMessage('{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 12}}, "sid": "s"}}')).toMatchObject({ type: "status", data });
    expect(() => parseSocketMessage('{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 012}}}}')).toThrow(SyntaxError);
  });

  it("refuses a number that is none, or without end", () => {
    expect(() => parseSocketMessage('{"type":"progress","data":{"prompt_id":"p","node":"1","value":NaN,"max":1}}')).toThrow(TypeError);
    expect(() => parseSocketMessage('{"type":"progress","data":{"prompt_id":"p","node":"1","value":1e999,"max":1}}')).toThrow(TypeError);
    expect(() => parseSocketMessage('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":12345678901234567890}}}}')).toThrow(TypeError);
  });

  it("passes over messages of custom nodes, whatever is in them", () => {
    expect(read("crystools.monitor", { cpu: 1 })).toBeNull();
    expect(read("toString", null)).toBeNull();
    expect(parseSocketMessage('{"type":"crystools.monitor","data":{"cpu":NaN}}')).toBeNull();
  });

  it("ignores fields it does not know", () => {
    expect(parseSocketMessage('{"type":"execution_start","data":{"prompt_id":"p","new":1},"more":true}')).toMatchObject({ type: "execution_start" });
  });

  it("refuses what is no message at all", () => {
    for (const text of ["null", "[]", "7", '"status"', "{}", '{"type":null}', '{"type":["status"]}']) expect(() => parseSocketMessage(text)).toThrow(TypeError);
    expect(() => parseSocketMessage("{")).toThrow(SyntaxError);
  });
});
