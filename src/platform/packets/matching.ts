import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { describeLeftOut, openDecoder } from "../../pcap/decode/decode.ts";
import { selectPackets } from "../../pcap/filters/filter.ts";
import { type Environment, makeEnvironment } from "../../stellar/run/environment.ts";
import { errorCode } from "../../storage/folder.ts";
import type { QueryProgress, StoredPackets } from "../../storage/packets/contract.ts";
import { joinPackets } from "../../storage/storage.ts";
import type { ExpressionStart, PacketSearch } from "./protocol.ts";
import { compileQuestion } from "./question/question.ts";

/** What a packet takes in a result beside its bytes, at most. */
const PACKET_BYTES = 112;

/** What is left of the limits: packets, and bytes of a result. */
type Room = { readonly packets: number; readonly bytes: number };

/** The packets of one store that match a question. */
export type Matching = {
  /** The next block with what matches, valid until the next is asked for; none where nothing of it does, so that others have their turn. */
  next(room: Room): { readonly found: StoredPackets | undefined } | undefined;
  /** Whether it ended because nothing was left of the limits, though there is more. */
  readonly isCut: boolean;
  /** How far it is; after the end with what could not be decoded. */
  readonly progress: QueryProgress;
};

/** Opens the search of a store for what a question asks. @throws Fault QUERY_INVALID */
export async function openMatching({ packets, question, now, expressions }: PacketSearch): Promise<Matching> {
  const environment = await environmentOf(expressions);
  const { query, filter } = compileQuestion(question, { now, environment: () => environment });
  const reader = (await joinPackets(packets, makeContext())).reader();
  const decoder = openDecoder();
  const blocks = reader.find(query);
  let [isCut, isOver] = [false, false];

  return {
    get isCut() {
      return isCut;
    },
    get progress() {
      const { bytes, done, problems } = reader.progress;
      return {
        bytes,
        done,
        problems: isOver ? [...problems, ...describeLeftOut(decoder.leftOut)] : problems,
      };
    },
    next(room) {
      if (isOver) return undefined;
      const block = isCut ? undefined : nextOf(blocks, packets.folder);
      if (block === undefined) {
        isOver = true;
        return undefined;
      }
      const layers = decoder.decode(block);
      const rows = selectPackets({ packets: block, layers }, filter);
      if (rows.length === 0) return { found: undefined };
      const found = picked(block, rows.slice(0, room.packets));
      // It is cut when there is another one, not when there are just as many.
      isCut = rows.length > room.packets || sizeOf(found) > room.bytes;
      const isTooMuch = room.packets === 0 || sizeOf(found) > room.bytes;
      return { found: isTooMuch ? undefined : found };
    },
  };
}

/** The next block. @throws Fault STORAGE_CORRUPT when the folder of packets is gone, or may not be read */
function nextOf(blocks: Generator<StoredPackets>, folder: string): StoredPackets | undefined {
  try {
    const { value, done } = blocks.next();
    return done === true ? undefined : value;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Fault("STORAGE_CORRUPT", `reading packets in ${folder}: ${code}`, { cause: error });
  }
}

/** Bytes of a result that packets take, or some more. */
export function sizeOf({ captured, count }: StoredPackets): number {
  let size = 0;
  for (let row = 0; row < count; row++) size += (captured[row] as number) + PACKET_BYTES;
  return size;
}

/** Some packets of a block, by their numbers in it; the bytes stay where they are. */
export function picked(block: StoredPackets, rows: readonly number[]): StoredPackets {
  return {
    seen: block.seen,
    bytes: block.bytes,
    count: rows.length,
    starts: Uint32Array.from(rows, (row) => block.starts[row] as number),
    captured: Uint32Array.from(rows, (row) => block.captured[row] as number),
    original: Uint32Array.from(rows, (row) => block.original[row] as number),
    micros: Float64Array.from(rows, (row) => block.micros[row] as number),
    nanos: Uint16Array.from(rows, (row) => block.nanos[row] as number),
    interfaces: Uint16Array.from(rows, (row) => block.interfaces[row] as number),
  };
}

/** Where expressions are evaluated. What it takes is only loaded for a question that has one. */
async function environmentOf(start: ExpressionStart | undefined): Promise<Environment> {
  if (start === undefined) return makeEnvironment();
  const [{ openServices }, { openFunctions }, { readGlobal }] = await Promise.all([
    import("../services.ts"),
    import("../functions.ts"),
    import("../../config/global.ts"),
  ]);
  const services = await openServices(start, makeContext({ timeZone: start.timeZone }));
  services.takeFunctions(await openFunctions(start.functions));
  return services.evaluation(readGlobal(start.global, "global"));
}
