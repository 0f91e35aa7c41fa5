/** How many line ends and NULs are at `at`: they belong to no record. */
export function separatorsAt(chunk: Buffer, at: number): number {
  let end = at;
  while (chunk[end] === 10 || chunk[end] === 13 || chunk[end] === 0) end++;
  return end - at;
}
