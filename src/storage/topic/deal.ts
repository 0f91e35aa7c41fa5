/** One that reads of a topic. */
type Reader = {
  readonly name: string;
  /** Names of all that there are to be, as far as this one knows. */
  readonly expected: readonly string[];
  /** Partitions that it reads, or has not let go yet. */
  readonly held: ReadonlySet<number>;
};

/**
 * The partitions of each member of a group: they go round its names in turn. Nobody gets one that another has not let go, and
 * the share of a name that is expected is kept for it.
 */
export function dealOut<Member extends Reader>(
  members: readonly Member[],
  partitions: number,
): Map<Member, readonly number[]> {
  const names = [
    ...new Set([...members.flatMap(({ expected }) => expected), ...members.map(({ name }) => name)]),
  ];
  const shares = new Map<Member, number[]>(members.map((member) => [member, []]));
  for (let partition = 0; partition < partitions; partition++) {
    const owner = members.find(({ name }) => name === names[partition % names.length]);
    const isHeld = members.some((member) => member !== owner && member.held.has(partition));
    if (owner !== undefined && !isHeld) shares.get(owner)?.push(partition);
  }
  return shares;
}
