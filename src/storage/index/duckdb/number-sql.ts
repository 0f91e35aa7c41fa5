/**
 * A text of SQL as the number it spells; NULL where it spells none. The engine reads `NaN` and `inf` as numbers too: as
 * such they would be more than every number, and a cursor, which is JSON, could not go on behind them.
 */
export function numberSql(text: string): string {
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN isfinite(${value}) THEN ${value} END`;
}
