import { hash } from "node:crypto";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** More than 17 digits hold, so that all digits are used alike. */
const BYTES = 13;
const LENGTH = 17;
const BASE = 62n;

/** A name in the form of Zeek's (a letter and 17 digits of base 62) that is the same for the same text, so that reading packets again gives it again. */
export function stableName(letter: "C" | "F", text: string): string {
  let number = BigInt(`0x${hash("sha1", text).slice(0, 2 * BYTES)}`);
  let name = "";
  for (let digit = 0; digit < LENGTH; digit++) {
    name = DIGITS.charAt(Number(number % BASE)) + name;
    number /= BASE;
  }
  return letter + name;
}
