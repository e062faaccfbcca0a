import { describe, expect, it } from "vitest";
import type { ClaimedWebhook, RecordDelivery } from "./webhook-outbox.ts";
import { error, leaseMs, webhookUrl, type StoreStage } from "./store-stage.suite.ts";

/** The outbox of webhooks. */
export function describeWebhooks(stage: StoreStage): void {
  const claim = async (): Promise<ClaimedWebhook | null> => stage.store.claimWebhook({ nowMs: stage.nowMs, leaseMs });
  const mustClaim = async (): Promise<ClaimedWebhook> => {
    const claimed = await claim();
    if (claimed === null) throw new Error("no webhook is due");
    return claimed;
  };
  const tried = ({ id, token }: ClaimedWebhook, parts: Partial<RecordDelivery> = {}): RecordDelivery => ({
    id, token, at: stage.nowMs, statusCode: 200, error: null, durationMs: 12, next: { state: "delivered" }, ...parts,
  });
  const finishOne = async (parts: { readonly webhookUrl?: string | null } = { webhookUrl }): Promise<string> => {
    const [job] = await stage.insert(parts);
    await stage.store.complete((await stage.claim()).lease, stage.finish());
    return job?.id ?? "";
  };

  describe("the webhook of a job", () => {
    it("is one message for each that is finished, in whatever way, due at once", async () => {
      await stage.insert({ webhookUrl }, { webhookUrl }, { webhookUrl }, { webhookUrl });
      await stage.store.complete((await stage.claim()).lease, stage.finish());
      await stage.store.fail((await stage.claim()).lease, { ...stage.finish(), error });
      await stage.store.cancel((await stage.claim()).lease, stage.finish());
      await stage.store.requestCancel({ jobId: "job-4", nowMs: stage.nowMs });
      const ids = new Set<string>();
      for (const jobId of ["job-1", "job-2", "job-3", "job-4"]) {
        const { id, token, ...message } = await mustClaim();
        expect(id).toMatch(/^msg_[\w-]+$/);
        expect(token).not.toBe("");
        expect(message).toEqual({ jobId, url: webhookUrl, attempts: 0 });
        ids.add(id);
      }
      expect(ids.size).toBe(4);
      expect(await claim()).toBeNull();
    });

    it("is none for a job without a URL, and none before the end", async () => {
      await stage.insert({ webhookUrl });
      await stage.claimRunning();
      expect(await stage.store.listDeliveries("job-1")).toBeNull();
      const plain = await finishOne({ webhookUrl: null });
      expect(await stage.store.listDeliveries(plain)).toBeNull();
      expect(await stage.store.listDeliveries("nobody")).toBeNull();
      expect(await stage.store.nextWebhookDue()).toBeNull();
      expect(await claim()).toBeNull();
    });

    it("is looked for whenever there may be one: none, one that comes, none, one that is sent again", async () => {
      expect(await stage.store.nextWebhookDue()).toBeNull();
      const jobId = await finishOne();
      expect(await stage.store.nextWebhookDue()).toBe(stage.nowMs);
      await stage.store.recordDelivery(tried(await mustClaim()));
      expect(await stage.store.nextWebhookDue()).toBeNull();
      await stage.store.redeliver({ jobId, nowMs: stage.nowMs });
      expect(await stage.store.nextWebhookDue()).toBe(stage.nowMs);
    });

    it("is counted until it is delivered", async () => {
      await finishOne();
      await finishOne();
      expect(await stage.store.countPendingWebhooks()).toBe(2);
      await stage.store.recordDelivery(tried(await mustClaim()));
      expect(await stage.store.countPendingWebhooks()).toBe(1);
    });

    it("is there after a crash, when the job's end is", async () => {
      await finishOne();
      await stage.reopen();
      expect(await claim()).toMatchObject({ jobId: "job-1" });
    });
  });

  describe("claimWebhook", () => {
    it("gives a message to one caller only, and again once the claim has run out", async () => {
      await finishOne();
      const first = await mustClaim();
      expect(await claim()).toBeNull();
      expect(await stage.store.nextWebhookDue()).toBe(stage.nowMs + leaseMs);
      stage.nowMs += leaseMs - 1;
      expect(await claim()).toBeNull();
      stage.nowMs += 1;
      const second = await mustClaim();
      expect(second).toMatchObject({ id: first.id, attempts: 0 });
      expect(second.token).not.toBe(first.token);
    });

    it("gives the one first that has been due longest", async () => {
      await finishOne();
      await stage.store.recordDelivery(tried(await mustClaim(), { statusCode: 500, error: "500", next: { state: "pending", dueAt: stage.nowMs + 50 } }));
      stage.nowMs += 40;
      await finishOne();
      stage.nowMs += 20;
      expect([(await mustClaim()).jobId, (await mustClaim()).jobId]).toEqual(["job-2", "job-1"]);
    });
  });

  describe("recordDelivery", () => {
    it("logs each try and moves the message on: later, then delivered for good", async () => {
      const jobId = await finishOne();
      const first = await mustClaim();
      const dueAt = stage.nowMs + 5_000;
      expect(await stage.store.recordDelivery(tried(first, { statusCode: null, error: "no answer", next: { state: "pending", dueAt } }))).toBe("ok");
      const failed = { number: 1, at: stage.nowMs, statusCode: null, error: "no answer", durationMs: 12 };
      expect(await stage.store.listDeliveries(jobId)).toEqual({ id: first.id, url: webhookUrl, state: "pending", dueAt, deliveries: [failed] });
      expect(await stage.store.nextWebhookDue()).toBe(dueAt);
      expect(await claim()).toBeNull();
      stage.nowMs = dueAt;
      const second = await mustClaim();
      expect(second).toMatchObject({ id: first.id, attempts: 1 });
      expect(await stage.store.recordDelivery(tried(second))).toBe("ok");
      await stage.reopen();
      expect(await stage.store.listDeliveries(jobId)).toEqual({
        id: first.id, url: webhookUrl, state: "delivered", dueAt: null,
        deliveries: [failed, { number: 2, at: dueAt, statusCode: 200, error: null, durationMs: 12 }],
      });
      stage.nowMs += 10 * leaseMs;
      expect(await claim()).toBeNull();
    });

    it.each(["gone", "exhausted"] as const)("ends it as %s", async (state) => {
      const jobId = await finishOne();
      await stage.store.recordDelivery(tried(await mustClaim(), { statusCode: 410, error: "410", next: { state } }));
      expect(await stage.store.listDeliveries(jobId)).toMatchObject({ state, dueAt: null });
      expect(await stage.store.nextWebhookDue()).toBeNull();
    });

    it("by one whose claim another has taken over logs the try, and leaves the message to the other", async () => {
      const jobId = await finishOne();
      const late = await mustClaim();
      stage.nowMs += leaseMs;
      const other = await mustClaim();
      expect(await stage.store.recordDelivery(tried(late, { statusCode: 500, error: "500", next: { state: "exhausted" } }))).toBe("lease-lost");
      expect(await stage.store.listDeliveries(jobId)).toMatchObject({ state: "pending", deliveries: [{ number: 1, statusCode: 500 }] });
      expect(await stage.store.recordDelivery(tried(other))).toBe("ok");
      expect(await stage.store.recordDelivery(tried(other))).toBe("lease-lost");
    });

    it("for a message that is gone with its job answers lease-lost", async () => {
      expect(await stage.store.recordDelivery(tried({ id: "msg_x", token: "t", jobId: "", url: "", attempts: 0 }))).toBe("lease-lost");
    });
  });

  describe("redeliver", () => {
    const again = async (jobId: string): Promise<string> => stage.store.redeliver({ jobId, nowMs: stage.nowMs });

    it("queues the same message once more, whatever became of it, and goes on with the log", async () => {
      const jobId = await finishOne();
      const first = await mustClaim();
      await stage.store.recordDelivery(tried(first, { next: { state: "exhausted" } }));
      stage.nowMs += 1;
      expect(await again(jobId)).toBe("queued");
      const second = await mustClaim();
      expect(second).toMatchObject({ id: first.id, attempts: 0 });
      await stage.store.recordDelivery(tried(second));
      expect((await stage.store.listDeliveries(jobId))?.deliveries.map(({ number }) => number)).toEqual([1, 2]);
    });

    it("while one is under way sends another: the one under way does not end the new one", async () => {
      const jobId = await finishOne();
      const first = await mustClaim();
      expect(await again(jobId)).toBe("queued");
      expect(await stage.store.recordDelivery(tried(first))).toBe("lease-lost");
      expect(await claim()).toMatchObject({ id: first.id });
    });

    it("says why there is nothing to send", async () => {
      await stage.insert({ webhookUrl });
      expect(await again("job-1")).toBe("not-finished");
      await stage.store.requestCancel({ jobId: "job-1", nowMs: stage.nowMs });
      expect(await again(await finishOne({ webhookUrl: null }))).toBe("no-webhook");
      expect(await again("nobody")).toBe("unknown");
    });
  });
}
