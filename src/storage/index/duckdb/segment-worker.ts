/** The thread that writes the index's files. */
import { doJobs } from "../parquet/job-thread.ts";
import { writeSegment } from "./write-segment.ts";

doJobs(writeSegment);
