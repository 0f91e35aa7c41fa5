/** A thread that counts its jobs, for tests. It answers with its own number and the count; the job `die` ends it. */
import { threadId } from "node:worker_threads";
import { doJobs } from "../parquet/job-thread.ts";

export type Count = { readonly thread: number; readonly jobs: number };

doJobs(() => {
  let jobs = 0;
  return (job: string): Count => {
    if (job === "die") process.exit(1);
    return { thread: threadId, jobs: ++jobs };
  };
});
