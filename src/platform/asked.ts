import type { Actor } from "../core/actor.ts";
import type { Clock } from "../core/context.ts";
import { asDeclared } from "../query/as-declared.ts";
import { withFamilies } from "../query/families.ts";
import { FieldNames, fieldsOf } from "../query/fields.ts";
import { parse } from "../query/parse.ts";
import { withinScope } from "../query/scope.ts";
import type { Query } from "../query/tree.ts";
import type { Schema } from "../schema/schema.ts";
import type { Index } from "../storage/index/contract.ts";

/**
 * What an actor asks for with the text of a query: only what its scope finds, with times and families of fields read as
 * declared. Whoever reads or changes messages for an actor finds them by this query.
 *
 * @throws Fault QUERY_INVALID
 */
export async function askedQuery(
  text: string,
  actor: Actor,
  { index, schema, clock }: { readonly index: Index; readonly schema: Schema; readonly clock: Clock },
): Promise<Query> {
  const query = withinScope(parse(text), actor);
  const declared = asDeclared(query, (field) => schema.find(field), clock.now());
  if (![...fieldsOf(declared).keys()].some((field) => field.includes("*"))) return declared;
  return withFamilies(declared, new FieldNames((await index.fields()).map(({ name }) => name)));
}
