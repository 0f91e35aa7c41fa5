import { expect, test } from "vitest";
import { describeProcesses } from "./processes.ts";

test("a process is told with what it does and reads, and as silent or not ready when it is, with the reason", () => {
  const read = (sensor: string, partition: number, lag: number) => ({ sensor, partition, since: 1000, lag });
  const well = { version: "0.1.0", ready: true, problems: [], restarts: 0, captures: [] };
  const problem = (message: string) => ({ code: "SOURCE_STOPPED", message, sensor: null });
  const lines = describeProcesses([
    {
      ...{ name: "one:/srv/metron", isSelf: true, role: "all", startedAt: 0, revision: 7, ...well },
      reads: [read("bro", 10, 5), read("asa", 0, 1), read("bro", 2, 0)],
    },
    {
      ...{ name: "two:/srv/metron", isSelf: false, role: "worker", startedAt: 0, revision: 6, ...well },
      ...{
        silentSince: 60_000,
        reads: [read("web", 0, 1503)],
        restarts: 3,
        problems: [problem("it was so long ago")],
      },
    },
    {
      ...{ name: "six:/srv/metron", isSelf: false, role: "server", startedAt: 0, revision: 6, ...well },
      ...{ ready: false, failure: "there is no file x", reads: [] },
    },
    {
      ...{ name: "cap:/srv/metron", isSelf: false, role: "capture", startedAt: 0, revision: 7, ...well },
      ...{ ready: false, reads: [], problems: [problem("capture of eth1: it is gone")], restarts: 1 },
      captures: ["eth0", "eth1"],
    },
    {
      ...{ name: "new:/srv/metron", isSelf: false, role: "capture", startedAt: 0, revision: 7, ...well },
      reads: [],
    },
  ]);
  expect(lines).toEqual([
    "one:/srv/metron (this one), everything 0.1.0, since 1970-01-01T00:00:00.000Z, publish 7 in force, reads asa 0; bro 2 10, lag 6",
    "two:/srv/metron, worker 0.1.0, SILENT since 1970-01-01T00:01:00.000Z, publish 6 in force, reads web 0, 3 worker restarts",
    "six:/srv/metron, server 0.1.0, since 1970-01-01T00:00:00.000Z, NOT READY, publish 6 in force, a later one is not: there is no file x",
    "cap:/srv/metron, capture host 0.1.0, since 1970-01-01T00:00:00.000Z, NOT READY, publish 7 in force, captures eth0, eth1, 1 worker restart",
    "  capture of eth1: it is gone",
    "new:/srv/metron, capture host 0.1.0, since 1970-01-01T00:00:00.000Z, publish 7 in force, captures nothing",
  ]);
});
