/** What a partition of a topic is known by in the catalogue. */
export function positionKey(topic: string, partition: number): string {
  return JSON.stringify([topic, partition]);
}

/** The partition that a `positionKey` is of. */
export function partitionOf(key: string): [topic: string, partition: number] {
  return JSON.parse(key) as [string, number];
}
