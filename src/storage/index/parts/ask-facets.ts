/** Facets of several indexes: a second round asks all of them for the values that any of them lists. */
import { MOST_QUESTION_BYTES } from "../../exchange/contract.ts";
import type { Facet } from "../contract.ts";
import { isWhole, mergeFacets } from "./merge.ts";
import type { RequestOf } from "./questions.ts";

type Value = Facet["values"][number]["value"];
type Request = RequestOf["facets"];
/** What each part answered, by its name. Parts that did not answer one of the questions are missing from then on. */
type Answers = ReadonlyMap<string, readonly Facet[]>;
/** Some values of some fields: as many as one question has room for. */
type Portion = { readonly fields: string[]; readonly values: Value[][] };

/** Bytes of values in a question: the query, and how JSON spells them, need room too. */
const PORTION_BYTES = MOST_QUESTION_BYTES / 4;

/**
 * Facets of all indexes together. While none of them has more values of a field than it lists one round is enough; of the other fields all are asked for the
 * count of each value that any of them lists, in questions that are small enough.
 * @param size values of the answer
 */
export async function askFacets(
  request: Request,
  size: number,
  ask: (request: Request) => Promise<Answers>,
): Promise<readonly Facet[]> {
  const { fields } = request;
  const listed = await ask(request);
  const columnOf = (answers: Answers, place: number) =>
    [...answers.values()].map((facets) => facets[place] as Facet);
  const places = [...fields.keys()].filter(
    (place) => fields.indexOf(fields[place] as string) === place && !isWhole(columnOf(listed, place)),
  );
  const portions = portionsOf(
    places.map((place) => {
      // One part may have as a text what another one has as a number: it is asked for once.
      const listing = columnOf(listed, place).flatMap((facet) => facet.values);
      const values = new Map(listing.map(({ value }) => [String(value), value])).values();
      return [fields[place] as string, [...values]] as const;
    }),
  );
  const counted: { readonly portion: Portion; readonly answers: Answers }[] = [];
  // One after the other: together they would be as much work for each part as there are portions.
  for (const portion of portions) counted.push({ portion, answers: await ask({ ...request, ...portion }) });
  const names = [...listed.keys()].filter((name) => counted.every(({ answers }) => answers.has(name)));
  return fields.map((field, place) =>
    mergeFacets(
      names.map((name) => {
        const first = listed.get(name)?.[place] as Facet;
        if (!places.includes(fields.indexOf(field))) return first;
        const found = counted.flatMap(({ portion, answers }) =>
          (answers.get(name) ?? []).filter((_, at) => portion.fields[at] === field),
        );
        return joined(first, found);
      }),
      size,
    ),
  );
}

/** The values of several portions that one part counted, as one facet of it. */
function joined(first: Facet, found: readonly Facet[]): Facet {
  const values = found.flatMap((facet) => facet.values);
  const sum = (counts: readonly Facet["values"][number][]) =>
    counts.reduce((all, { count }) => all + count, 0);
  return { ...first, values, other: Math.max(0, first.other + sum(first.values) - sum(values)) };
}

function portionsOf(wanted: readonly (readonly [field: string, values: readonly Value[]])[]): Portion[] {
  const portions: Portion[] = [];
  let room = 0;
  for (const [field, values] of wanted) {
    let isBegun = false;
    for (const value of values) {
      const bytes = typeof value === "string" ? Buffer.byteLength(JSON.stringify(value)) + 1 : 30;
      const isFull = bytes > room;
      if (isFull) {
        portions.push({ fields: [], values: [] });
        room = PORTION_BYTES;
      }
      const portion = portions.at(-1) as Portion;
      if (isFull || !isBegun) {
        portion.fields.push(field);
        portion.values.push([]);
        isBegun = true;
      }
      portion.values.at(-1)?.push(value);
      room -= bytes;
    }
  }
  return portions;
}
