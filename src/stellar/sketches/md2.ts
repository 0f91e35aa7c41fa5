/**
 * The MD2 digest (RFC 1319). Broken since 2004 and in no maintained library, but the original offers it.
 *
 * State, block and table have fixed lengths, so array reads are asserted with `!`.
 */

const BLOCK = 16;
const ROUNDS = 18;
let substitution: Uint8Array | undefined;

export function md2(bytes: Uint8Array): Uint8Array {
  substitution ??= substitutionOfPi();
  const table = substitution;
  const padding = BLOCK - (bytes.length % BLOCK);
  const padded = new Uint8Array(bytes.length + padding + BLOCK);
  padded.set(bytes);
  padded.fill(padding, bytes.length, bytes.length + padding);
  const checksum = padded.subarray(bytes.length + padding);
  let last = 0;
  for (let at = 0; at < bytes.length + padding; at++) {
    last = checksum[at % BLOCK]! ^ table[padded[at]! ^ last]!;
    checksum[at % BLOCK] = last;
  }
  const state = new Uint8Array(3 * BLOCK);
  for (let block = 0; block < padded.length; block += BLOCK) {
    for (let at = 0; at < BLOCK; at++) {
      state[BLOCK + at] = padded[block + at]!;
      state[2 * BLOCK + at] = state[at]! ^ padded[block + at]!;
    }
    let mixed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < state.length; at++) {
        mixed = state[at]! ^ table[mixed]!;
        state[at] = mixed;
      }
      mixed = (mixed + round) & 255;
    }
  }
  return state.slice(0, BLOCK);
}

/** The permutation the digits of pi give: a shuffle that draws each number from the next one to three digits. */
function substitutionOfPi(): Uint8Array {
  const digits = digitsOfPi(800);
  let at = 0;
  const draw = (below: number): number => {
    for (;;) {
      let [value, range] = [0, 1];
      do {
        value = value * 10 + Number(digits[at++]);
        range *= 10;
      } while (range < below);
      if (value < below * Math.floor(range / below)) return value % below;
    }
  };
  const table = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let size = 2; size <= 256; size++) {
    const other = draw(size);
    [table[size - 1], table[other]] = [table[other]!, table[size - 1]!];
  }
  return table;
}

/** Pi without its point, by Machin's formula. */
function digitsOfPi(count: number): string {
  const unit = 10n ** BigInt(count + 10);
  const arcCotangent = (x: bigint): bigint => {
    let [power, sum] = [unit / x, unit / x];
    for (let n = 3n; power !== 0n; n += 2n) {
      power /= -x * x;
      sum += power / n;
    }
    return sum;
  };
  return String(4n * (4n * arcCotangent(5n) - arcCotangent(239n))).slice(0, count);
}
