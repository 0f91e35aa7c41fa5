import { type Block, type BlockColumn, REST, textField } from "../blocks/block.ts";
import { cellReader } from "../blocks/read-cells.ts";
import { ALERT } from "./asks-alerts.ts";

const ODD_ALERT = textField(ALERT);
/** How the field stands in the JSON of what has no column. */
const KEPT = JSON.stringify(ALERT);

/**
 * The guids of the messages of a block that may be alerts: all that are, and perhaps some with the field's name elsewhere in what has no
 * column. Blocks of sensors without alerts have no column of them, and are not looked at.
 */
export function alertsOf(block: Block): readonly string[] {
  const isKept = block.rest === undefined || block.rest.includes(ALERT);
  const columns = block.columns.filter(
    ({ field }) => field === ALERT || field === ODD_ALERT || (isKept && field === REST),
  );
  const guids = block.columns.find(({ field }) => field === "guid");
  if (columns.length === 0 || guids === undefined) return [];
  const tests = columns.map((column) => alertTest(block, column));
  const guidOf = cellReader(block, guids);
  const found: string[] = [];
  for (let row = 0; row < block.rows; row++)
    if (tests.some((isAlert) => isAlert(row))) found.push(String(guidOf(row)));
  return found;
}

function alertTest(block: Block, column: BlockColumn): (row: number) => boolean {
  const read = cellReader(block, column);
  if (column.field === REST) return (row) => String(read(row)).includes(KEPT);
  return (row) => read(row) !== null;
}
