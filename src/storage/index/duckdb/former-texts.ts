import type { ValueType } from "../blocks/column-type.ts";

const WHOLE = "[+-]?[0-9]{1,19}";
const DECIMAL = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?";

/**
 * The values of a declared field in a file of an earlier layout that holds them as texts: NULL where a text has none, as
 * today's writer finds it. The file cannot be pruned by them; it is made once more when files are merged.
 */
export function readAs(text: string, type: ValueType): string {
  switch (type) {
    case "boolean":
      return `CASE lower(${text}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END`;
    case "double":
      return `TRY_CAST(CASE WHEN regexp_full_match(${text}, '${DECIMAL}') THEN ${text} END AS DOUBLE)`;
    case "int":
      return whole(text, "[0-9]{1,5}", "BETWEEN 0 AND 65535");
    case "time":
      return whole(text, WHOLE, "BETWEEN -62135596800000 AND 253402300799999");
    case "long":
      return whole(text, WHOLE, "IS NOT NULL");
  }
}

function whole(text: string, form: string, condition: string): string {
  const value = `TRY_CAST(CASE WHEN regexp_full_match(${text}, '${form}') THEN ${text} END AS BIGINT)`;
  return `CASE WHEN ${value} ${condition} THEN ${value} END`;
}
