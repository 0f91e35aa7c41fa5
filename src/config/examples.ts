import { isDeepStrictEqual } from "node:util";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { type Catalogue, type Example, openNamed } from "../core/component.ts";
import { makeContext } from "../core/context.ts";
import { type Message, messageToJson } from "../core/message.ts";
import { noDatabases } from "../enrichments/addresses/databases.ts";
import { openEnrichments } from "../enrichments/stages.ts";
import { runParser } from "../parsers/parser.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openFilter } from "../transforms/filters.ts";
import { openTransforms } from "../transforms/index.ts";
import { openValidations } from "../transforms/validations/index.ts";
import type { Components } from "./components.ts";

/** Opens a component with the options of an example, as a stage of the loop would. */
type Open = (components: Components, name: string, options: unknown) => (batch: Batch) => void;

const CONTEXT = {
  ...makeContext({ clock: { now: () => Date.UTC(2024, 0, 1) } }),
  environment: makeEnvironment(),
  variables: [],
  ...{ databases: noDatabases(), table: () => undefined, knownHosts: [] },
};

/** What a source takes in comes from outside, and what a sink passes on goes there, so they have no examples. */
const OPEN: Readonly<Record<Exclude<keyof Components, "sources" | "sinks">, Open>> = {
  parsers: ({ parsers }, name, options) => {
    const parse = openNamed(parsers, name, options, CONTEXT);
    return (batch) => runParser(parse, batch);
  },
  transforms: ({ transforms }, name, options) => openTransforms([{ [name]: options }], CONTEXT, transforms),
  filters: ({ filters }, name, options) => openFilter({ [name]: options }, CONTEXT, filters),
  validations: ({ validations }, name, options) =>
    openValidations([{ [name]: options }], CONTEXT, validations),
  enrichments: ({ enrichments }, name, options) => openEnrichments({ [name]: options }, CONTEXT, enrichments),
};

/** Opens a component by name, as a stage of the loop would. Throws Fault for options that it does not take. */
export function openAsStage(
  components: Components,
  kind: keyof typeof OPEN,
  name: string,
  options: unknown,
): (batch: Batch) => void {
  return OPEN[kind](components, name, options);
}

/**
 * Runs the examples of components and says which do not come true, one sentence each.
 * @param concerns which components are looked at, all when left out
 * @throws Fault when a component does not open with the options of its example
 */
export function failedExamples(
  components: Components,
  concerns: (definition: Catalogue["list"][number]) => boolean = () => true,
): string[] {
  return Object.entries(OPEN).flatMap(([kind, open]) => {
    const catalogue: Catalogue = components[kind as keyof typeof OPEN];
    return catalogue.list.filter(concerns).flatMap(({ name, examples = [] }) =>
      examples.flatMap((example, index) => {
        const expected = JSON.stringify(outcomeOf(example));
        const found = run(open(components, name, example.options), example);
        return isDeepStrictEqual(JSON.parse(expected), found)
          ? []
          : [
              `example ${index + 1} of the ${catalogue.kind} \`${name}\` comes to ${JSON.stringify(found)}, not to ${expected}`,
            ];
      }),
    );
  });
}

/** The messages that are left, and why others were rejected. */
type Outcome = { readonly messages: readonly unknown[]; readonly rejected: readonly string[] };

function outcomeOf({ gives = [], rejects }: Example): Outcome {
  const messages = (Array.isArray(gives) ? (gives as readonly Message[]) : [gives as Message]).map(plain);
  return { messages, rejected: rejects === undefined ? [] : [rejects] };
}

function run(stage: (batch: Batch) => void, { given }: Example): Outcome {
  const batch = new Batch();
  const isRecord = typeof given === "string";
  batch.load(blockOf([isRecord ? given : ""], 0), { topic: "example", partition: 0, offset: 0 });
  if (!isRecord) batch.addMessage(0, given);
  stage(batch);
  const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => batch.live[row] === 1);
  return {
    messages: rows.map((row) => plain(batch.message(row))),
    rejected: batch.rejected.map(({ rejection }) => rejection.reason),
  };
}

function plain(message: Message): unknown {
  return JSON.parse(messageToJson(message));
}
