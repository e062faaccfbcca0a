import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Connection } from "./connection.ts";

let dir: string;
let connection: Connection;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "comfyui-api-connection-"));
  connection = new Connection(join(dir, "a.db"));
  connection.exec("CREATE TABLE notes (seq INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)");
});

afterEach(() => {
  connection.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("a statement", () => {
  it("takes each parameter by its name, however often and in whatever order it is named", () => {
    const text = "SELECT :b AS first, :a AS second, :b AS third, :ab AS fourth";
    expect(connection.get(text, { a: 1, ab: null, b: "x" })).toEqual({ first: "x", second: 1, third: "x", fourth: null });
    expect(connection.get(text, { b: "y", a: 2, ab: 3 })).toEqual({ first: "y", second: 2, third: "y", fourth: 3 });
  });

  it("that lacks a parameter, or is first given one it has not, is refused", () => {
    expect(() => connection.get("SELECT :a AS a", {})).toThrow("lacks its parameter a");
    expect(() => connection.get("SELECT :a AS other", { a: 1, b: 2 })).toThrow("has no parameter b");
  });
});

describe("an insert", () => {
  it("answers the row's number, and null when it left the one that was there", () => {
    const text = "INSERT INTO notes (text) VALUES (:text) ON CONFLICT (text) DO NOTHING";
    expect([connection.insert(text, { text: "a" }), connection.insert(text, { text: "b" }), connection.insert(text, { text: "a" })]).toEqual([1, 2, null]);
  });
});

describe("a transaction", () => {
  it("that throws is undone, and counted", () => {
    const failing = (): void =>
      connection.write(() => {
        connection.insert("INSERT INTO notes (text) VALUES (:text)", { text: "a" });
        throw new Error("no");
      });
    expect(failing).toThrow("could not use its job database");
    expect(connection.undone).toBe(1);
    expect(connection.all("SELECT text FROM notes")).toEqual([]);
    connection.write(() => connection.insert("INSERT INTO notes (text) VALUES (:text)", { text: "a" }));
    expect(connection.undone).toBe(1);
    expect(connection.all("SELECT text FROM notes")).toEqual([{ text: "a" }]);
  });
});
