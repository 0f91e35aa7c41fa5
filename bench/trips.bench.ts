/**
 * How many files and functions work for one record, one seal, one search and one publish: what somebody has to read who
 * follows it through the house. V8 counts the calls of all threads in processes that make a trip ten times and not at all.
 *
 *   npm run bench -- trips
 */
import { functionsOf } from "./lib/trips.ts";

export const name = "Trips: files and functions that work for one record, seal, search and publish";

export async function run(): Promise<Record<string, string | number>[]> {
  const record = await functionsOf("record");
  const seal = (await functionsOf("seal")).difference(record);
  return [
    row("syslog line over TCP, to searchable (the asking included)", record),
    row("its seal to Parquet", seal),
    row("one search, REST to rows", await functionsOf("search")),
    row("publish of one of 20 sensors, two workers", await functionsOf("publish")),
  ];
}

function row(trip: string, functions: ReadonlySet<string>): Record<string, string | number> {
  const files = new Set([...functions].map((name) => name.slice(0, name.lastIndexOf(":"))));
  const rooms = Map.groupBy(files, (file) => file.split("/")[1] ?? "");
  const busiest = [...rooms].map(([room, list]) => `${room} ${list.length}`).join(", ");
  return { trip, files: files.size, functions: functions.size, "files by room": busiest };
}
