import type { Batch } from "../../../../core/batch.ts";
import type { Message } from "../../../../core/message.ts";
import type { Query } from "../../../../query/tree.ts";
import type { Index, IndexWriter, Selection } from "../../contract.ts";
import { ALERT } from "../asks-alerts.ts";

const ASKS = `_exists_:${ALERT} AND `;
const IS_ALERT: Query = { kind: "exists", field: ALERT };

/**
 * An index as one that has alerts alone: each message written is made one, each request asks for alerts, and nothing of it is seen. So a suite
 * that knows nothing of alerts is answered by whatever keeps them.
 */
export function allAlerts(index: Index): Index {
  const asked = <Request extends Selection>(request: Request): Request => ({
    ...request,
    query: request.query === undefined ? IS_ALERT : { kind: "and", parts: [IS_ALERT, request.query] },
  });
  return {
    writer: async (name) => alertWriter(await index.writer(name)),
    share: (name) => index.share(name),
    position: (topic, partition) => index.position(topic, partition),
    sealedPosition: (topic, partition) => index.sealedPosition(topic, partition),
    recoverPositions: (known) => index.recoverPositions(known),
    async search(request) {
      const result = await index.search(asked(request));
      const hints = result.hints.map((hint) => ({ ...hint, query: hint.query && unasked(hint.query) }));
      return { ...result, hints, messages: result.messages.map(unmarked) };
    },
    count: (request) => index.count(asked(request)),
    facets: (request) => index.facets(asked(request)),
    histogram: (request) => index.histogram(asked(request)),
    groups: (request) => index.groups(asked(request)),
    get: async (guids, signal) => (await index.get(guids, signal)).map(unmarked),
    patch: async (guid, change, by) => unmarked(await index.patch(guid, change, by)),
    history: (guid) => index.history(guid),
    problems: (selection) => index.problems(selection),
    fields: async (sensors) => (await index.fields(sensors)).filter(({ name }) => name !== ALERT),
    stats: () => index.stats(),
    seal: () => index.seal(),
    retain: (rules) => index.retain(rules),
    compact: () => index.compact(),
    restore: (scope) => index.restore(scope),
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
}

/** The writer that makes each message an alert. */
export function alertWriter(writer: IndexWriter): IndexWriter {
  return {
    position: (topic, partition) => writer.position(topic, partition),
    write(sensor, batch) {
      markAll(batch);
      return writer.write(sensor, batch);
    },
    commit: (position, records, onKept) => writer.commit(position, records, onKept),
    seal: () => writer.seal(),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

function markAll(batch: Batch): void {
  const column = batch.column(ALERT);
  for (let row = 0; row < batch.rows; row++) column.setString(row, "true");
}

function unmarked({ [ALERT]: _mark, ...message }: Message): Message {
  return message;
}

/** The query of a hint without what was added to it. */
function unasked(text: string): string {
  return text.replace(ASKS, "").replace(/^\((.*)\)$/, "$1");
}
