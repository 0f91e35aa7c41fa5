/** Blocks of pcapng, made by hand in either byte order: what other programs write and the project's own writer does not. */
export function pcapngBlocks(little = true) {
  const word = (value: number, size: 2 | 4 = 4) => {
    const bytes = Buffer.alloc(size);
    if (little) bytes.writeUIntLE(value, 0, size);
    else bytes.writeUIntBE(value, 0, size);
    return bytes;
  };
  const wide = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    if (little) bytes.writeBigInt64LE(value);
    else bytes.writeBigInt64BE(value);
    return bytes;
  };
  const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const option = (code: number, value: Uint8Array | string) =>
    Buffer.concat([word(code, 2), word(Buffer.from(value).length, 2), padded(Buffer.from(value))]);
  const end = Buffer.alloc(4);
  const block = (type: number, ...parts: Uint8Array[]) => {
    const body = padded(Buffer.concat(parts));
    return Buffer.concat([word(type), word(body.length + 12), body, word(body.length + 12)]);
  };
  const ticks = (time: bigint) => [
    word(Number((time >> 32n) & 0xffff_ffffn)),
    word(Number(time & 0xffff_ffffn)),
  ];
  return {
    word,
    wide,
    option,
    end,
    block,
    section: (...options: Uint8Array[]) =>
      block(0x0a0d0d0a, word(0x1a2b3c4d), word(1, 2), word(0, 2), wide(-1n), ...options),
    interfaceOf: (linkType: number, snapLength: number, ...options: Uint8Array[]) =>
      block(1, word(linkType, 2), word(0, 2), word(snapLength), ...options),
    packet: (
      number: number,
      time: bigint,
      frame: Uint8Array,
      original = frame.length,
      ...options: Uint8Array[]
    ) =>
      block(6, word(number), ...ticks(time), word(frame.length), word(original), padded(frame), ...options),
    obsoletePacket: (number: number, drops: number, time: bigint, frame: Uint8Array) =>
      block(
        2,
        word(number, 2),
        word(drops, 2),
        ...ticks(time),
        word(frame.length),
        word(frame.length),
        frame,
      ),
    simplePacket: (original: number, frame: Uint8Array) => block(3, word(original), frame),
    statistics: (number: number, ...options: Uint8Array[]) => block(5, word(number), wide(0n), ...options),
  };
}
