/**
 * A thread that writes files as the index does and spoils some of them, for tests: what a mistake of the writer, or a disk
 * that loses bytes, leaves behind. Files of the sensor `empty-page` have a page that nobody can read, those of `fewer` lack
 * values, those of `fewer-rows` a message, and of those of `thrown` the writer makes none. `merged-...` does the same to
 * merged files alone; those of `merged-late` are answered for once somebody deletes the file `written` beside them.
 */
import { existsSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { doJobs } from "../parquet/job-thread.ts";
import { answerJob } from "../segments/check-segment.ts";
import { type SegmentJob, type Written, writeSegment } from "../segments/write-segment.ts";

doJobs(() =>
  answerJob(async (job: SegmentJob): Promise<Written | undefined> => {
    const isMeant = !job.sensor.startsWith("merged-") || "files" in job.from;
    const mistake = isMeant ? job.sensor.replace("merged-", "") : "none";
    if (mistake === "thrown") throw new RangeError("the writer made a mistake");
    if (mistake !== "fewer") {
      const written = await writeSegment(job);
      if (mistake === "empty-page") await spoil(job.path);
      if (mistake === "late") await untilDeleted(join(dirname(job.path), "written"));
      if (mistake === "fewer-rows" && written !== undefined) written.counts.rows++;
      return written;
    }
    const columns = job.columns.map((column) =>
      column.field === "text" ? { ...column, field: "another" } : column,
    );
    return writeSegment({ ...job, columns });
  }),
);

/** Overwrites the head of a page of texts, and that of its encoding. */
async function spoil(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf("text of row 0");
  if (at < 0) throw new Error("there is no such page");
  await using file = await open(path, "r+");
  await file.write(Buffer.alloc(100, 0xff), 0, 100, at - 100);
}

async function untilDeleted(path: string): Promise<void> {
  await writeFile(path, "");
  while (existsSync(path)) await setTimeout(10);
}
