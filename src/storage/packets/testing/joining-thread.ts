/** Joins a store in a thread, writes numbered packets to it, and ends. */
import { workerData } from "node:worker_threads";
import { makeContext } from "../../../core/context.ts";
import { joinPackets } from "../../storage.ts";
import type { PacketHandle } from "../contract.ts";
import { append, numbered } from "./made-store.ts";

const { handle, from, to } = workerData as { handle: PacketHandle; from: number; to: number };
const writer = (await joinPackets(handle, makeContext())).writer("thread");
for (let next = from; next < to; next += 100) {
  append(writer, numbered(next, next + 100));
  writer.flush();
}
writer.close();
