/** Reads numbers and stretches one behind the other, within bounds. What is not there reads as 0 and makes it `isBeyond`. */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  isBeyond = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Passes over bytes and returns where they begin; the end where fewer bytes are left. */
  skip(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.end) {
      this.isBeyond = true;
      this.at = this.end;
      return this.end;
    }
    this.at = at + length;
    return at;
  }

  u8(): number {
    const at = this.skip(1);
    return this.isBeyond ? 0 : this.bytes[at]!;
  }

  u16(): number {
    const at = this.skip(2);
    return this.isBeyond ? 0 : (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u24(): number {
    return this.u8() * 65_536 + this.u16();
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16();
  }

  /** The next bytes as a cursor of their own, as many as there are. */
  part(length: number): Cursor {
    const at = this.skip(Math.min(length, this.left));
    if (length > this.at - at) this.isBeyond = true;
    return new Cursor(this.bytes, at, this.at);
  }
}
