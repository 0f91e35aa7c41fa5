import type { FoundObject } from "../../../api/conversations.ts";
import type { CarvedObject, LeftOut } from "../../../pcap/objects/object.ts";
import { objectLimits } from "../../../pcap/objects/object.ts";
import { carveObjects } from "../../../pcap/objects/objects.ts";
import { seenOf } from "./conversations.ts";
import type { Gathered } from "./gather.ts";

/** A file that went through a conversation of a result. */
export type ResultObject = {
  /** What the API tells of it; what threat intelligence knows is added where its tables are. */
  readonly shown: Omit<FoundObject, "known">;
  readonly pieces: readonly Uint8Array[];
};

/** The files of a result. */
export type ResultObjects = {
  readonly objects: readonly ResultObject[];
  /** What was not carved and why, a sentence each. */
  readonly leftOut: readonly string[];
};

/** Files of a result that are told. */
const MOST = 10_000;

/** Carves the files out of all conversations, and counts those that are too many. */
export async function objectsOf({ conversations, numberOf }: Gathered): Promise<ResultObjects> {
  const objects: ResultObject[] = [];
  const left = new Map<LeftOut, number>();
  const leave = (what: LeftOut, count: number) => left.set(what, (left.get(what) ?? 0) + count);
  // One for all: many small bodies that unpack to much would together fill the machine's memory.
  const { memory } = objectLimits();
  const tcp = conversations.flatMap(({ protocol, conversation }) =>
    protocol === "tcp" ? [conversation] : [],
  );
  for (const [index, { protocol, conversation }] of conversations.entries()) {
    if (protocol !== "tcp") continue;
    const room = MOST - objects.length;
    for (const carved of await carveObjects(conversation, tcp, { memory, objects: room, leave })) {
      const shown = shownOf(carved, objects.length + 1, index + 1, numberOf);
      objects.push({ shown, pieces: carved.pieces });
    }
  }
  const carved = objects.length;
  return { objects, leftOut: [...left].map(([what, count]) => SENTENCES[what](count, carved)) };
}

const SENTENCES: Readonly<Record<LeftOut, (count: number, carved: number) => string>> = {
  files: (count, carved) =>
    `only the first ${carved} of ${carved + count} files or more are carved: ask for a shorter time or fewer conversations`,
  exchanges: (count) =>
    `no files are carved out of ${count} requests and responses behind the first 100000 of their conversation`,
  requests: (count) =>
    `what ${count} requests of SMB asked for is not found: too many others waited for their answers`,
  sealed: (count) => `${count} messages of SMB are encrypted or compressed: files in them are not seen`,
};

function shownOf(
  carved: CarvedObject,
  number: number,
  stream: number,
  numberOf: Gathered["numberOf"],
): ResultObject["shown"] {
  const { protocol, name, origin, side, seen, declaredType, magicType } = carved;
  const { size, missing, isComplete, md5, sha1, sha256, notes } = carved;
  return {
    ...{ number, stream, protocol, name, origin, side: side === 0 ? "client" : "server" },
    ...seenOf(seen, numberOf),
    ...(declaredType === undefined ? {} : { declaredType }),
    ...(magicType === undefined ? {} : { magicType }),
    ...{ size, missing, isComplete, md5, sha1, sha256, notes: [...notes] },
  };
}
