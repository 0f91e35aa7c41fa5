/** Settings of writers in an indexing document. */
import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import type { Value } from "../values/value.ts";
import { mapUnder, readDocument, writeDocument } from "./document.ts";

const CONFIG = {
  name: "config",
  type: "string",
  about: "The sensor's indexing configuration as JSON.",
} as const;
const WRITER = {
  name: "writer",
  type: "string",
  about: "The writer, such as `elasticsearch` or `hdfs`.",
} as const;

const indexingSetBatch = defineFunction({
  name: "INDEXING_SET_BATCH",
  summary: "Sets how many messages a writer writes at once and gives the new JSON.",
  params: [
    CONFIG,
    WRITER,
    { name: "size", type: "integer", about: "Messages in a batch; 1 unless given.", optional: true },
    {
      name: "timeout",
      type: "integer",
      about: "Seconds after which a batch is written; 0 unless given.",
      optional: true,
    },
  ],
  returns: "string",
  examples: [
    [
      "INDEXING_SET_BATCH('{ }', 'hdfs', 10)",
      '{\n  "hdfs" : {\n    "batchSize" : 10,\n    "batchTimeout" : 0\n  }\n}',
    ],
    ["INDEXING_SET_BATCH('{ }', 'hdfs', 0)", raises("at least 1")],
  ],
  call: (config, writer, size, timeout) => {
    const batchSize = size ?? 1;
    if (batchSize < 1) throw new StellarError(`a batch holds at least 1 message, not ${batchSize}`);
    return edited(config, writer, { batchSize, batchTimeout: timeout ?? 0 });
  },
});

const indexingSetEnabled = defineFunction({
  name: "INDEXING_SET_ENABLED",
  summary: "Switches a writer on or off and gives the new JSON.",
  params: [
    CONFIG,
    WRITER,
    {
      name: "enabled",
      type: "boolean",
      about: "Whether the writer writes; true unless given.",
      optional: true,
    },
  ],
  returns: "string",
  examples: [
    ["INDEXING_SET_ENABLED('{ }', 'hdfs', false)", '{\n  "hdfs" : {\n    "enabled" : false\n  }\n}'],
    ["INDEXING_SET_ENABLED('', 'hdfs')", raises("must not be empty")],
  ],
  call: (config, writer, enabled) => edited(config, writer, { enabled: enabled ?? true }),
});

const indexingSetIndex = defineFunction({
  name: "INDEXING_SET_INDEX",
  summary: "Sets the index that a writer writes to and gives the new JSON.",
  params: [CONFIG, WRITER, { name: "index", type: "string", about: "Name of the index." }],
  returns: "string",
  examples: [
    ["INDEXING_SET_INDEX('{ }', 'hdfs', 'foo')", '{\n  "hdfs" : {\n    "index" : "foo"\n  }\n}'],
    ["INDEXING_SET_INDEX('{ }', 'hdfs', null)", raises("index")],
  ],
  call: (config, writer, index) => {
    if (index === null) throw new StellarError("the index must not be null");
    return edited(config, writer, { index });
  },
});

export const indexingManagement: Namespace = {
  name: "indexingManagement",
  summary: "Edit indexing configurations.",
  functions: [indexingSetBatch, indexingSetEnabled, indexingSetIndex],
};

function edited(
  config: string | null,
  writer: string | null,
  settings: Readonly<Record<string, Value>>,
): string {
  if (writer === null) throw new StellarError("the writer must not be null");
  const document = readDocument(config);
  const target = mapUnder(document, writer);
  for (const [key, value] of Object.entries(settings)) target.set(key, value);
  return writeDocument(document);
}
