const NUMBER = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?";

/**
 * A text of SQL as the number it spells (src/schema/number-of.ts); NULL where it spells none. The engine alone would also read `NaN` and
 * ` 80 `: a range would then find what no comparison finds, and `NaN` would be more than every number.
 */
export function numberSql(text: string): string {
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN regexp_full_match(${text}, '${NUMBER}') AND isfinite(${value}) THEN ${value} END`;
}
