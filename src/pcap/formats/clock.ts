import type { Packets } from "../packets.ts";

/** How an interface of pcapng counts time: ticks of 10^-exponent or 2^-exponent seconds, and seconds to be added to them. */
export type Clock = { readonly base: 10 | 2; readonly exponent: number; readonly offset: number };

/** Microseconds, which holds where an interface says nothing. */
export const MICROSECOND_CLOCK: Clock = { base: 10, exponent: 6, offset: 0 };

const WORD = 4_294_967_296;

/** Up to here the remainders of a division by words stay exact in a number. */
const EXACT_DECIMALS = 12;
const EXACT_BINARIES = 32;

/**
 * Writes the time of a packet, given as two words of ticks, into its row. Fractions of a nanosecond are cut off, as Wireshark does.
 * Returns false, and writes nothing, when the time is before 1970 or after what `Packets.micros` can hold.
 */
export function stamp(clock: Clock, high: number, low: number, packets: Packets, row: number): boolean {
  const { base, exponent } = clock;
  let micros: number;
  let nanos = 0;
  if (base === 10 && exponent <= 6) {
    micros = (high * WORD + low) * 10 ** (6 - exponent);
  } else if (base === 10 && exponent <= EXACT_DECIMALS) {
    const divisor = 10 ** (exponent - 6);
    const rest = (high % divisor) * WORD + low;
    const whole = Math.floor(rest / divisor);
    micros = Math.floor(high / divisor) * WORD + whole;
    nanos = Math.floor(((rest - whole * divisor) * 1000) / divisor);
  } else if (base === 2 && exponent <= EXACT_BINARIES) {
    const ticks = 2 ** exponent;
    const seconds = Math.floor(low / ticks);
    const scaled = (low - seconds * ticks) * 1e6;
    const fraction = Math.floor(scaled / ticks);
    micros = (high * (WORD / ticks) + seconds) * 1e6 + fraction;
    nanos = Math.floor(((scaled - fraction * ticks) * 1000) / ticks);
  } else {
    const perSecond = BigInt(base) ** BigInt(exponent);
    const all = (((BigInt(high) << 32n) | BigInt(low)) * 1_000_000_000n) / perSecond;
    micros = Number(all / 1000n);
    nanos = Number(all % 1000n);
  }
  micros += clock.offset * 1e6;
  if (micros < 0 || micros > Number.MAX_SAFE_INTEGER) return false;
  packets.micros[row] = micros;
  packets.nanos[row] = nanos;
  return true;
}
