/** The thread that writes the index's files, and has each of them read before it counts. */
import { doJobs } from "../parquet/job-thread.ts";
import { answerJob } from "./check-segment.ts";

doJobs(() => answerJob());
