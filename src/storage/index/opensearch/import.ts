import type { Position } from "../../../core/block.ts";
import type { IndexImport, WholeMessage } from "../contract.ts";
import { positionKey } from "../segments/position-key.ts";
import { sendBulk } from "./bulk.ts";
import { Client, type Connection } from "./client.ts";
import { documentOf, type SeenFields } from "./document.ts";
import { Internal } from "./internal.ts";
import { type Lines, lineOfJson } from "./lines.ts";
import { MOST_FIELDS } from "./mapping.ts";
import { Names } from "./names.ts";
import type { WriterOwner } from "./writer-parts.ts";

/** Takes over messages of another index; the indices' template must have been written (`openOpenSearchIndex`). */
export function importInto(connection: Connection, prefix: string): IndexImport {
  const client = new Client(connection);
  const names = new Names(prefix);
  const internal = new Internal(client, names);
  const refused = new Map<string, { count: number; reason: string }>();
  const owner: WriterOwner = {
    entered: async () => {},
    committedPosition: async () => undefined,
    stored() {},
    committed() {},
    noted() {},
    failing() {},
    refused: (sensor, count, reason) =>
      void refused.set(sensor, { count: (refused.get(sensor)?.count ?? 0) + count, reason }),
  };
  return {
    refused,
    async put(sensor, messages) {
      const seen: SeenFields = new Map();
      const known = new Map(await internal.fields(sensor));
      const documents = messages.map((whole) => linesOf(sensor, whole, { names, known, seen }));
      await internal.addFields(sensor, seen);
      await sendBulk(documents, { client, names, internal, owner });
    },
    async finish(positions) {
      await internal.putPositions(
        new Map(positions.map(({ topic, partition, offset }) => [positionKey(topic, partition), offset])),
      );
      const pattern = encodeURIComponent(names.pattern);
      await client.ask("POST", `/${pattern}/_refresh?ignore_unavailable=true`);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

const NOWHERE: Position = { topic: "", partition: 0, offset: 0 };

function linesOf(
  sensor: string,
  { message, time, arrival, history }: WholeMessage,
  { names, known, seen }: { names: Names; known: SeenFields; seen: SeenFields },
): Lines {
  const isNamed = (field: string) => {
    if (!known.has(field) && known.size >= MOST_FIELDS) return false;
    known.set(field, 0);
    return true;
  };
  const json = documentOf(sensor, message, time, history, seen, isNamed);
  const index = names.index(sensor, time, arrival);
  return lineOfJson({ sensor, arrival, position: NOWHERE }, { index, id: String(message.guid), json });
}
