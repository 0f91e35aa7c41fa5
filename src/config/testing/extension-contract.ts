import assert from "node:assert/strict";
import type { Catalogue, Definition } from "../../core/component.ts";
import type { EnrichmentDefinition } from "../../enrichments/enrichment.ts";
import { enrichmentContext } from "../../enrichments/testing/context.ts";
import type { ParserDefinition } from "../../parsers/parser.ts";
import { builtIn, type Components, type Extension, withExtension } from "../components.ts";
import { failedExamples } from "../examples.ts";
import { type Clause, statedContract } from "./clause.ts";
import { enrichmentContract } from "./enrichment-contract.ts";
import { parserContract, type RecordSample } from "./parser-contract.ts";
import { transformContract } from "./transform-contract.ts";

/** The contract of one component. */
export type Contract = { readonly title: string; readonly clauses: readonly Clause[] };

/**
 * What an extension promises: its examples come true, and each component obeys the contract of its kind. Examples are the samples: of a
 * parser their records, of an enrichment the messages that it knows something of.
 * @throws Fault CONFIG_INVALID for what the platform would not take
 */
export function extensionContract(extension: Extension): Contract[] {
  const all = withExtension(builtIn, extension);
  const contracts = <Member extends Definition>(
    { kind, list }: Catalogue<Member>,
    before: Catalogue<Member>,
    clausesOf: (definition: Member) => readonly Clause[],
  ): Contract[] =>
    list.slice(before.list.length).map((definition) => ({
      title: `${kind} ${definition.name}`,
      clauses: [...clausesOf(definition), trueExamples(all, definition)],
    }));
  const { sources, parsers, transforms, filters, validations, enrichments, sinks } = all;
  return [
    ...contracts(sources, builtIn.sources, statedContract),
    ...contracts(parsers, builtIn.parsers, (parser) => parserContract(parser, recordsOf(parser))),
    ...contracts(transforms, builtIn.transforms, (each) => transformContract(all, "transforms", each)),
    ...contracts(filters, builtIn.filters, (each) => transformContract(all, "filters", each)),
    ...contracts(validations, builtIn.validations, (each) => transformContract(all, "validations", each)),
    ...contracts(enrichments, builtIn.enrichments, contractOfEnrichment),
    ...contracts(sinks, builtIn.sinks, statedContract),
  ];
}

function trueExamples(components: Components, definition: Definition): Clause {
  return {
    name: "does what its examples say",
    holds: () =>
      assert.deepEqual(
        failedExamples(components, (each) => each === definition),
        [],
      ),
  };
}

/** The records of a parser's examples, by the options that read them. */
function recordsOf({ examples = [] }: ParserDefinition): RecordSample[] {
  const byOptions = Map.groupBy(examples, ({ options }) => JSON.stringify(options));
  return [...byOptions.values()].map((group) => ({
    options: group[0]?.options,
    records: group.map(({ given }) => (typeof given === "string" ? given : JSON.stringify(given))),
  }));
}

function contractOfEnrichment(definition: EnrichmentDefinition): readonly Clause[] {
  const [example] = definition.examples ?? [];
  if (example === undefined)
    return [
      {
        name: "shows what it does",
        holds: () => assert.fail("it needs an example: a message that it adds something to"),
      },
    ];
  const known = typeof example.given === "string" ? [] : [example.given];
  const field = Object.keys(known[0] ?? {})[0] ?? "";
  const context = enrichmentContext();
  return enrichmentContract(
    definition,
    { written: example.options, known, knowing: context },
    context,
    field,
  );
}
