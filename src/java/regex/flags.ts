/** The flags of `(?idmsuxU)`. */
export type Flags = {
  readonly i: boolean;
  readonly d: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly u: boolean;
  readonly x: boolean;
  readonly U: boolean;
};

export const NO_FLAGS: Flags = { i: false, d: false, m: false, s: false, u: false, x: false, U: false };

export function isFlag(letter: string): letter is keyof Flags {
  return letter.length === 1 && "idmsuxU".includes(letter);
}
