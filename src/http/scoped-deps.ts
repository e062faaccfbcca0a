import type { Caller } from "../access/caller.ts";
import { checkStoredImage, guardImages } from "./body/image-guard.ts";
import type { HttpDeps, HttpFiles, HttpJobs } from "./deps.ts";

/**
 * The jobs there are for a caller: those of another key are not there. Verbs that change a job come after `getSummary` in every
 * route, so that they never see the id of a job that is somebody else's.
 */
function jobsFor(caller: Caller, jobs: HttpJobs): HttpJobs {
  const { name } = caller;
  if (name === null || caller.may("admin")) return jobs;
  const own = async (jobId: string): Promise<boolean> => caller.sees((await jobs.getSummary(jobId))?.owner ?? null);
  return {
    insert: (job, params) => jobs.insert(job, params),
    sync: () => jobs.sync(),
    findIdempotent: (params) => jobs.findIdempotent(params),
    async getSummary(id) {
      const job = await jobs.getSummary(id);
      return job !== null && caller.sees(job.owner) ? job : null;
    },
    listJobs: (query) => jobs.listJobs({ ...query, owner: name }),
    listOutputs: (query) => jobs.listOutputs({ ...query, owner: name }),
    counts: () => jobs.counts(),
    countQueued: () => jobs.countQueued(),
    countWaiting: (params) => jobs.countWaiting(params),
    averageExecutionMs: (params) => jobs.averageExecutionMs(params),
    queuePosition: (id) => jobs.queuePosition(id),
    queuePositions: (ids) => jobs.queuePositions(ids),
    requestCancel: async (params) => ((await own(params.jobId)) ? jobs.requestCancel(params) : "unknown"),
    readEvents: async (params) => ((await own(params.jobId)) ? jobs.readEvents(params) : []),
    readAllEvents: (params) => jobs.readAllEvents({ ...params, owner: name }),
    lastEventSeq: () => jobs.lastEventSeq(),
    listDeliveries: async (jobId) => ((await own(jobId)) ? jobs.listDeliveries(jobId) : null),
    redeliver: async (params) => ((await own(params.jobId)) ? jobs.redeliver(params) : "unknown"),
    addFileOwner: (params) => jobs.addFileOwner(params),
    ownsFile: (params) => jobs.ownsFile(params),
  };
}

/** The files there are for a caller. What it brings in becomes its own; images are measured on the way. */
function filesFor(caller: Caller, { jobs, files, limits }: Pick<HttpDeps, "jobs" | "files" | "limits">): HttpFiles {
  const { name } = caller;
  return {
    async put(content, options) {
      const stored = await files.put(guardImages(content, limits), options);
      await checkStoredImage(stored, files, limits);
      if (name !== null) await jobs.addFileOwner({ fileId: stored.id, owner: name });
      return stored;
    },
    async describe(id) {
      if (name !== null && !caller.may("admin") && !(await jobs.ownsFile({ fileId: id, owner: name }))) return null;
      return files.describe(id);
    },
    read: (id, range) => files.read(id, range),
    bytes: (id) => files.bytes(id),
  };
}

/** The same parts as one caller may see them: no handler needs to ask whose a job or a file is. */
export function scopedDeps<T extends HttpDeps>(deps: T, caller: Caller): T & { readonly caller: Caller } {
  return { ...deps, caller, jobs: jobsFor(caller, deps.jobs), files: filesFor(caller, deps) };
}
