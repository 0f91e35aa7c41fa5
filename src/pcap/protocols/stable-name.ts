import { hash } from "node:crypto";

/** 80 bits: no two flows of a site get the same. */
const DIGITS = 20;

/** A name like those of Zeek: a letter, then hexadecimal digits that are the same for the same text, so that reading packets again makes them again. */
export function stableName(letter: "C" | "F", text: string): string {
  return letter + hash("sha1", text).slice(0, DIGITS);
}
