import { expect, test } from "vitest";
import { describeProcesses } from "./processes.ts";

test("a process is told with what it reads, and as silent when it is", () => {
  const read = (sensor: string, partition: number, lag: number) => ({ sensor, partition, since: 1000, lag });
  const well = { version: "0.1.0", ready: true, problems: [], restarts: 0 };
  const lines = describeProcesses([
    {
      ...{ name: "one:/srv/metron", isSelf: true, role: "server", startedAt: 0, revision: 7 },
      ...well,
      reads: [read("bro", 10, 5), read("asa", 0, 1), read("bro", 2, 0)],
    },
    {
      ...{ name: "two:/srv/metron", isSelf: false, role: "worker", startedAt: 0, revision: 6 },
      ...well,
      silentSince: 60_000,
      reads: [],
    },
  ]);
  expect(lines).toEqual([
    "one:/srv/metron (this one), since 1970-01-01T00:00:00.000Z, publish 7 in force, reads asa 0; bro 2 10, lag 6",
    "two:/srv/metron, SILENT since 1970-01-01T00:01:00.000Z, publish 6 in force, reads nothing, lag 0",
  ]);
});
