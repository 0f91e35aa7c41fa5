import { randomBytes } from "node:crypto";

/**
 * Spreads the words of a key before they are mixed, by numbers that only this process knows: who sends packets must not be able to choose
 * those that meet in one place of a table. A seed alone does not do, as differences of two words cancel whatever it is.
 */
export type SecretHash = {
  /** Spreads a word of 32 bits by its place in the key. */
  readonly spread: (place: number, word: number) => number;
};

/** @param places how many words a key has */
export function openSecretHash(places: number): SecretHash {
  const secret = new Int32Array(2 * places);
  const random = randomBytes(secret.byteLength);
  for (let index = 0; index < secret.length; index++) secret[index] = random.readInt32LE(4 * index);
  return {
    spread(place, word) {
      // Odd numbers lose nothing when they multiply.
      const spread = Math.imul(word ^ (secret[2 * place] as number), (secret[2 * place + 1] as number) | 1);
      return spread ^ (spread >>> 15);
    },
  };
}
