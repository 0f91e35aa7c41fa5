import type { And, Clause, Not, Or, Query } from "./tree.ts";

/** The clauses by their kinds: `ByKind["term"]` is a `Term`. */
type ByKind = { readonly [Kind in Clause["kind"]]: Extract<Clause, { readonly kind: Kind }> };

/** What becomes of each kind of node; of `and`, `or` and `not` by what their parts became. */
export type Visitor<Result> = {
  readonly [Kind in Clause["kind"]]: (clause: ByKind[Kind]) => Result;
} & {
  readonly and: (parts: readonly Result[], query: And) => Result;
  readonly or: (parts: readonly Result[], query: Or) => Result;
  readonly not: (part: Result, query: Not) => Result;
};

/** Makes something of a query from its clauses up; parts are visited in the order in which they are written. */
export function visit<Result>(query: Query, visitor: Visitor<Result>): Result {
  switch (query.kind) {
    case "and":
      return visitor.and(
        query.parts.map((part) => visit(part, visitor)),
        query,
      );
    case "or":
      return visitor.or(
        query.parts.map((part) => visit(part, visitor)),
        query,
      );
    case "not":
      return visitor.not(visit(query.part, visitor), query);
    default:
      return ofClause(query, visitor);
  }
}

function ofClause<Result>(clause: Clause, visitor: Visitor<Result>): Result {
  switch (clause.kind) {
    case "all":
      return visitor.all(clause);
    case "term":
      return visitor.term(clause);
    case "pattern":
      return visitor.pattern(clause);
    case "range":
      return visitor.range(clause);
    case "exists":
      return visitor.exists(clause);
    case "network":
      return visitor.network(clause);
  }
}

/** A visitor's answers to all clauses, when they are the same whatever the kind. */
export function eachClause<Result>(
  answer: (clause: Clause) => Result,
): Pick<Visitor<Result>, Clause["kind"]> {
  return { all: answer, term: answer, pattern: answer, range: answer, exists: answer, network: answer };
}

/** A query with something else, or the same, in place of each of its clauses. */
export function withClauses(query: Query, change: (clause: Clause) => Query): Query {
  return visit<Query>(query, {
    ...eachClause(change),
    and: (parts, and) => ({ ...and, parts }),
    or: (parts, or) => ({ ...or, parts }),
    not: (part, not) => ({ ...not, part }),
  });
}

/** A clause of a query, and whether it is under an odd number of NOTs. */
export type Found = { readonly clause: Clause; readonly isNegated: boolean };

/** Every clause of a query, in the order in which they are written. */
export function clausesOf(query: Query): readonly Found[] {
  return visit<readonly Found[]>(query, {
    ...eachClause((clause) => [{ clause, isNegated: false }]),
    and: (parts) => parts.flat(),
    or: (parts) => parts.flat(),
    not: (part) => part.map(({ clause, isNegated }) => ({ clause, isNegated: !isNegated })),
  });
}
