import type { FoundObject } from "../../../api/conversations.ts";
import type { CarvedObject } from "../../../pcap/objects/object.ts";
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

/** Files of a result that are told. */
const MOST = 10_000;

/** Carves the files out of all conversations. */
export async function objectsOf({ conversations, numberOf }: Gathered): Promise<readonly ResultObject[]> {
  const objects: ResultObject[] = [];
  // One for all: many small bodies that unpack to much would together fill the machine's memory.
  const { memory } = objectLimits();
  const tcp = conversations.flatMap(({ protocol, conversation }) =>
    protocol === "tcp" ? [conversation] : [],
  );
  for (const [index, { protocol, conversation }] of conversations.entries()) {
    if (protocol !== "tcp") continue;
    for (const carved of await carveObjects(conversation, tcp, { memory })) {
      if (objects.length >= MOST) return objects;
      const shown = shownOf(carved, objects.length + 1, index + 1, numberOf);
      objects.push({ shown, pieces: carved.pieces });
    }
  }
  return objects;
}

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
