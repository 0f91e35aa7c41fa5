import type { Batch } from "../../core/batch.ts";
import type { Column } from "../../core/column.ts";
import { parseIpv4, parseIpv6Into } from "../../core/ip.ts";
import { CellBytes } from "../../stellar/run/cells.ts";

/** Answers a number for an address, 0 for "nothing is known". */
export type AddressFinder = {
  findIpv4(address: number): number;
  /** @param high the first 32 bits of the address, `low` the next. */
  findIpv6(high: number, low: number): number;
};

/** Bits of the index of recent addresses: 16,384 of them stay in the nearest caches. */
const RECENT_BITS = 14;

/**
 * The rows of a batch whose address a finder knows. What was found for recent IPv4 addresses is remembered, as few
 * addresses make most of the traffic. The arrays are reused from batch to batch; indexes stay within them by
 * construction, so typed-array reads are asserted.
 */
export class AddressHits {
  count = 0;
  rows = new Uint32Array(1024);
  found = new Uint32Array(1024);
  readonly #cells = new CellBytes();
  readonly #words = new Uint32Array(4);
  /** Pairs of address and what was found; the address 0 has nothing, so empty pairs are right. */
  readonly #recent = new Uint32Array(2 << RECENT_BITS);
  #finder: AddressFinder | undefined;

  /** Looks up the addresses in a column; what is no address counts as unknown. */
  find(batch: Batch, column: Column, finder: AddressFinder): void {
    if (this.rows.length < batch.rows) {
      this.rows = new Uint32Array(batch.capacity);
      this.found = new Uint32Array(batch.capacity);
    }
    if (this.#finder !== finder) {
      this.#finder = finder;
      this.#recent.fill(0);
    }
    const { rows, found } = this;
    const recent = this.#recent;
    const { live } = batch;
    const cells = this.#cells;
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (live[row] === 0 || !cells.read(column, row)) continue;
      const address = parseIpv4(cells.bytes, cells.start, cells.end);
      let value: number;
      if (address >= 0) {
        const pair = (Math.imul(address, 0x9e3779b1) >>> (32 - RECENT_BITS)) << 1;
        if (recent[pair] === address) value = recent[pair + 1] as number;
        else {
          value = finder.findIpv4(address);
          recent[pair] = address;
          recent[pair + 1] = value;
        }
      } else value = this.#findIpv6(finder);
      if (value === 0) continue;
      rows[count] = row;
      found[count] = value;
      count++;
    }
    this.count = count;
  }

  #findIpv6(finder: AddressFinder): number {
    const words = this.#words;
    const { bytes, start, end } = this.#cells;
    // The shortest address that is not local has a colon by its fifth byte; most other text stops here.
    if (end - start < 3 || !hasColon(bytes, start) || !parseIpv6Into(bytes, start, end, words)) return 0;
    const high = words[0] as number;
    const low = words[1] as number;
    if (high === 0 && low === 0) return words[2] === 0xffff ? finder.findIpv4(words[3] as number) : 0;
    return finder.findIpv6(high, low);
  }
}

function hasColon(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 5; at++) if (bytes[at] === 58) return true;
  return false;
}
