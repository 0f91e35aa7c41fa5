// Levels are read within bounds known beforehand, hence `as number`.

/** How many bits of a byte are set. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Reads the definition levels of a page of ours forwards: which rows have a value. Rows are asked for in ascending order. */
export class LevelReader {
  /** Where the values begin. */
  readonly end: number;
  readonly #page: Buffer;
  #at = 4;
  /** The run in hand: its first row, how many rows it has, and where its levels are. */
  #first = 0;
  #count = 0;
  #levels = 0;
  #isBits = false;
  /** Up to where bits were counted, as a row of the run, and the values before it. */
  #counted = 0;
  #values = 0;

  constructor(page: Buffer) {
    this.#page = page;
    this.end = 4 + page.readUInt32LE(0);
  }

  /** Which of the page's values is the row's; -1 when it has none. @throws Error when the page has no such row. */
  indexOf(row: number): number {
    while (row >= this.#first + this.#count) this.#next();
    const place = row - this.#first;
    if (!this.#isBits) return this.#page[this.#levels] === 1 ? this.#values + place : -1;
    this.#countTo(place);
    return (((this.#page[this.#levels + (place >> 3)] as number) >> (place & 7)) & 1) === 1
      ? this.#values
      : -1;
  }

  #next(): void {
    if (this.#isBits) this.#countTo(this.#count);
    else if (this.#page[this.#levels] === 1) this.#values += this.#count;
    if (this.#at >= this.end) throw new Error("a page ends before its rows do");
    this.#first += this.#count;
    let header = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#page.readUInt8(this.#at++);
      header += (byte & 127) * factor;
      if (byte < 128) break;
    }
    this.#isBits = header % 2 === 1;
    this.#count = Math.floor(header / 2) * (this.#isBits ? 8 : 1);
    this.#levels = this.#at;
    this.#at += this.#isBits ? this.#count >> 3 : 1;
    this.#counted = 0;
  }

  #countTo(place: number): void {
    for (; this.#counted < place && (this.#counted & 7) !== 0; this.#counted++) this.#values += this.#bit();
    for (; this.#counted + 8 <= place; this.#counted += 8)
      this.#values += BITS[this.#page[this.#levels + (this.#counted >> 3)] as number] as number;
    for (; this.#counted < place; this.#counted++) this.#values += this.#bit();
  }

  #bit(): number {
    const byte = this.#page[this.#levels + (this.#counted >> 3)] as number;
    return (byte >> (this.#counted & 7)) & 1;
  }
}
