import { camel, type Kind, listed, upper } from "./kind.ts";

/** Components of the loop's stages. Their lists are `index.ts` of the stage's folder. */

export const parser: Kind = {
  about: "a parser: turns records into messages",
  changes: (name) => ({ "src/parsers/index.ts": listed(camel(name), `./${name}/${name}.ts`) }),
  files: (name) => ({
    [`src/parsers/${name}/${name}.ts`]: `import { z } from "zod";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { declared } from "../../schema/schema.ts";
import { defineParser } from "../parser.ts";

export const ${camel(name)} = defineParser({
  name: "${camel(name)}",
  summary: "Reads ...",
  config: z.strictObject({}),
  fields: declared(),
  open: () => ({
    // A message without a \`timestamp\` gets the time at which its record arrived.
    timeless: "arrival",
    parseRecord(record) {
      const text = decodeText(record, 0, record.length);
      return new Rejection("parser_error", \`expected ..., found \${text.slice(0, 40)}\`);
    },
  }),
});
`,
    // The first part of its name says whose sample it is.
    [`src/parsers/${name}/samples/${camel(name)}.log`]: "",
  }),
};

export const enrichment: Kind = {
  about: "an enrichment: adds what is known of a field's value",
  changes: (name) => ({ "src/enrichments/index.ts": listed(camel(name), `./${name}/${name}.ts`) }),
  files: (name) => ({
    [`src/enrichments/${name}/${name}.ts`]: `import { z } from "zod";
import { defineEnrichment } from "../define.ts";

export const ${camel(name)} = defineEnrichment({
  name: "${camel(name)}",
  summary: "Adds ...",
  config: z.strictObject({}),
  fields: [],
  open: () => ({
    // Returns what is known of the value, or undefined.
    lookup: (_value) => undefined,
  }),
});
`,
  }),
};

export const transform: Kind = {
  about: "a field transformation: changes the fields of messages",
  changes: (name) => ({ "src/transforms/index.ts": listed(camel(name), `./${name}.ts`) }),
  files: (name) => ({
    [`src/transforms/${name}.ts`]: `import { z } from "zod";
import { defineTransform, fieldsOption } from "./transform.ts";

export const ${camel(name)} = defineTransform({
  name: "${upper(name)}",
  summary: "Changes ...",
  config: z.strictObject({ input: fieldsOption.describe("Fields to change.") }),
  open:
    ({ input = [] }) =>
    (batch) => {
      for (const field of input) {
        const column = batch.columns.get(field);
        if (column?.touched !== true) continue;
        for (let row = 0; row < batch.rows; row++) {
          const text = batch.live[row] === 1 ? column.text(row) : null;
          if (text !== null) column.setString(row, text);
        }
      }
    },
});
`,
    [`src/transforms/${name}.test.ts`]: `import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openTransforms } from "./index.ts";

const context = { ...makeContext(), environment: makeEnvironment(), variables: [] };

test.each([
  // What a document says, a message before, and the message after.
  [{ ${upper(name)}: { input: "a" } }, { a: "before" }, { a: "after" }],
])("%j makes of %j %j", (item, before, after) => {
  const batch = new Batch();
  batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
  batch.addMessage(0, before);
  openTransforms([item], context)(batch);
  expect(batch.rejected).toEqual([]);
  expect({ ...batch.message(0) }).toEqual(after);
});
`,
  }),
};

export const source: Kind = {
  about: "a source: takes records in from somewhere",
  changes: (name) => ({ "src/sources/index.ts": listed(camel(name), `./${name}/${name}.ts`) }),
  files: (name) => ({
    [`src/sources/${name}/${name}.ts`]: `import { z } from "zod";
import { defineSource } from "../source.ts";
import { deliverStream, type StreamProgress } from "../stream.ts";

export const ${camel(name)} = defineSource({
  name: "${name}",
  summary: "Takes ...",
  config: z.strictObject({
    address: z.string().min(1).describe("Where the records come from."),
  }),
  open: async ({ address }, { sensor, deliver, refuse, clock }) => {
    const stop = new AbortController();
    const { signal } = stop;
    let so: StreamProgress = { read: 0, records: 0, bytes: 0, refused: 0, left: 0 };
    const onProgress = (progress: StreamProgress) => {
      so = progress;
    };
    const options = { sensor, deliver, refuse, clock, name: address, signal, onProgress };
    const done = deliverStream(bytesOf(address, signal), options).then(
      () => undefined,
      (error: unknown) => {
        if (!signal.aborted) throw error;
      },
    );
    return {
      addresses: [],
      done,
      counts: () => ({ records: so.records, bytes: so.bytes, refused: so.refused, dropped: 0, peers: 1 }),
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await done.catch(() => undefined);
      },
    };
  },
});

/** The bytes as they come. They are cut into records at line ends, and read no faster than these become durable. */
async function* bytesOf(_address: string, _signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from("");
}
`,
    [`src/sources/${name}/${name}.test.ts`]: `import { expect, test } from "vitest";
import { collecting } from "../testing/collecting.ts";
import { ${camel(name)} } from "./${name}.ts";

test("what comes is delivered record by record", async () => {
  const collected = collecting();
  await using source = await ${camel(name)}.open({ address: "..." }, collected.context);
  await source.done;
  expect(collected.records).toEqual(["first", "second"]);
  expect(source.counts()).toMatchObject({ records: 2 });
});
`,
  }),
};
