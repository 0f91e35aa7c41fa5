/** When the block of a message arrived, of a guid that the pipeline made (src/pipeline/guid.ts): epoch milliseconds; undefined of any other. */
export function arrivalOf(guid: string): number | undefined {
  const digits = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(guid);
  return digits === null ? undefined : Number.parseInt(`${digits[1]}${digits[2]}`, 16);
}
