import { describe, expect, it } from "vitest";
import { annotatedName, FileTree, pathBelow } from "./file-tree.ts";
import { savePath } from "./save-path.ts";

const size = { width: 64, height: 32 };

describe("FileTree", () => {
  it("lets the oldest files go when a folder holds more than 256 MiB, and never the newest", () => {
    const files = new FileTree();
    for (const name of ["a", "b", "c"]) files.write("output", name, new Uint8Array(100 * 1024 * 1024));
    expect(files.list("output")).toEqual(["b", "c"]);
    files.write("output", "huge", new Uint8Array(300 * 1024 * 1024));
    expect(files.list("output")).toEqual(["huge"]);
  });

  it("gives a file that was written in pieces as one, without touching the pieces", () => {
    const files = new FileTree();
    const start = new Uint8Array([1, 2, 3]);
    files.write("output", "a", start, new Uint8Array([4]));
    files.write("output", "b", start, new Uint8Array([5, 6]));
    expect(["a", "b"].map((name) => [...(files.read("output", name)?.bytes ?? [])])).toEqual([[1, 2, 3, 4], [1, 2, 3, 5, 6]]);
    expect(files.read("output", "b")?.size).toBe(5);
    expect([...start]).toEqual([1, 2, 3]);
  });

  it("tells what was written at one moment under one name apart", () => {
    const files = new FileTree();
    const tags = Array.from({ length: 100 }, (_, index) => {
      files.write("output", "a", new Uint8Array([index]));
      return files.read("output", "a")?.tag;
    });
    expect(new Set(tags).size).toBe(100);
  });
});

describe("pathBelow", () => {
  it.each([["../x", "a"], ["", "../a"], ["/etc", "a"], ["", "/etc/a"], ["a/../..", "b"]])("refuses %j + %j", (subfolder, name) => {
    expect(pathBelow(subfolder, name)).toBeNull();
  });

  it("normalises what stays inside", () => {
    expect(pathBelow("./s/../t", "a.png")).toBe("t/a.png");
  });
});

describe("annotatedName", () => {
  it("cuts the suffix and the character before it", () => {
    expect(annotatedName("a.png [temp]")).toEqual({ name: "a.png", type: "temp" });
    expect(annotatedName("a.png[temp]")).toEqual({ name: "a.pn", type: "temp" });
    expect(annotatedName("a [other].png")).toEqual({ name: "a [other].png", type: null });
  });
});

describe("savePath", () => {
  it("goes on from the highest number with this prefix, whatever the extension", () => {
    const files = new FileTree();
    for (const name of ["gw/x_00007_.webm", "gw/x_00002_.png", "gw/xy_00050_.png", "x_00099_.png"]) files.write("output", name, new Uint8Array(1));
    expect(savePath(files, "output", "gw/x", size)).toEqual({ subfolder: "gw", name: "x", counter: 8 });
  });

  it("fills in sizes and leaves what it does not know", () => {
    expect(savePath(new FileTree(), "output", "%width%x%height%_%Node.seed%", size).name).toBe("64x32_%Node.seed%");
  });

  it("fails for a prefix that leads outside", () => {
    expect(() => savePath(new FileTree(), "output", "../../outside", size)).toThrow("Saving image outside the output folder is not allowed.");
    expect(() => savePath(new FileTree(), "output", "/etc/x", size)).toThrow("Saving image outside");
  });
});
