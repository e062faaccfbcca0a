import { describe, expect, it } from "vitest";
import { chooseOutput, readAccept } from "./accept.ts";

const outputs = [{ contentType: "image/webp" }, { contentType: "image/png" }, { contentType: "video/mp4" }, { contentType: "image/png", second: true }];

function chosen(header: string): string | undefined {
  const wanted = readAccept(header);
  return wanted.kind === "output" ? chooseOutput(wanted.ranges, outputs)?.contentType : wanted.kind;
}

describe("readAccept", () => {
  it.each([undefined, "", "*/*", "application/json", "application/*, image/png;q=0.5", "text/html, image/png;q=0.9", "application/json, text/event-stream;q=0.9", "text/event-stream;q=0", "image/png;q=0", "image", "nonsense/", ";;,,"])(
    "means the job by %j",
    (header) => {
      expect(readAccept(header).kind).toBe("job");
    },
  );

  it.each(["text/event-stream", "text/event-stream, application/json;q=0.5", "Text/Event-Stream;q=0.9, image/png;q=0.2"])("means the job's events by %s", (header) => {
    expect(chosen(header)).toBe("events");
  });

  it.each([
    ["image/png", "image/png"],
    ["IMAGE/PNG", "image/png"],
    ["image/*", "image/webp"],
    ["video/*;q=0.9, image/png;q=0.3", "video/mp4"],
    ["image/png;q=0.5, image/*;q=0.4", "image/png"],
    ["image/*, image/webp;q=0", "image/png"],
    ["image/avif,image/webp,*/*;q=0.8", "image/webp"],
    ["audio/*", undefined],
  ])("picks by %s the output %s", (header, contentType) => {
    expect(chosen(header)).toBe(contentType);
  });

  it("takes the first of several outputs that are liked alike", () => {
    const wanted = readAccept("image/png");
    expect(wanted.kind === "output" && chooseOutput(wanted.ranges, outputs)).toBe(outputs[1]);
  });

  it("knows whether the job will do instead", () => {
    expect(readAccept("image/png, */*;q=0.1")).toMatchObject({ jobWillDo: true });
    expect(readAccept("image/png, application/json;q=0, */*;q=0.1")).toMatchObject({ jobWillDo: false });
    expect(readAccept("image/png")).toMatchObject({ jobWillDo: false });
  });
});
