/** Messages of SMB 1 (MS-CIFS, 2.2), each a request and its answer, in frames of NetBIOS. */

type Exchange = readonly [request: Buffer, answer: Buffer];

const HEADER = 32;
const FILE_ID = 77;

const word = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

function message(
  command: number,
  isAnswer: boolean,
  number: number,
  parameters: Uint8Array,
  bytes: Uint8Array,
): Buffer {
  const body = Buffer.concat([
    Buffer.from([0xff, 0x53, 0x4d, 0x42, command, 0, 0, 0, 0, isAnswer ? 0x80 : 0, 0, 0x80]),
    Buffer.alloc(12),
    ...[word(7), word(1), word(1), word(number)],
    Buffer.from([parameters.length / 2]),
    parameters,
    word(bytes.length % 2 ** 16),
    bytes,
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const none = Buffer.alloc(0);
/** Where the bytes of a message are that has that many bytes of words. */
const bytesAt = (length: number) => HEADER + 1 + length + 2;

/** Words of a message that no other follows in its frame (AndX). */
function words(length: number): Buffer {
  const made = Buffer.alloc(length);
  made[0] = 0xff;
  return made;
}

/** Words of a request for a place in the file. */
function place(length: number, offset: number): Buffer {
  const request = words(length);
  request.writeUInt16LE(FILE_ID, 4);
  request.writeUInt32LE(offset, 6);
  return request;
}

/** NT_CREATE_ANDX of a file that has that many bytes. */
export function create1(number: number, name: string, size: number): Exchange {
  const answer = words(68);
  answer.writeUInt16LE(FILE_ID, 5);
  answer.writeUInt32LE(size, 55);
  const text = Buffer.concat([Buffer.alloc(1), Buffer.from(`${name}\0`, "utf16le")]);
  return [message(0xa2, false, number, words(48), text), message(0xa2, true, number, answer, none)];
}

/** READ_ANDX, and its answer with these bytes, of which more than 65,535 are counted in two parts. */
export function read1(number: number, offset: number, data: Uint8Array): Exchange {
  const answer = words(24);
  answer.writeUInt16LE(data.length % 2 ** 16, 10);
  answer.writeUInt16LE(bytesAt(24), 12);
  answer.writeUInt16LE(data.length >>> 16, 14);
  return [message(0x2e, false, number, place(24, offset), none), message(0x2e, true, number, answer, data)];
}

/** WRITE_ANDX of these bytes. */
export function write1(number: number, offset: number, data: Uint8Array): Exchange {
  const request = place(28, offset);
  request.writeUInt16LE(data.length >>> 16, 18);
  request.writeUInt16LE(data.length % 2 ** 16, 20);
  request.writeUInt16LE(bytesAt(28), 22);
  return [message(0x2f, false, number, request, data), message(0x2f, true, number, words(12), none)];
}

/** CLOSE of the file. */
export function close1(number: number): Exchange {
  const request = Buffer.concat([word(FILE_ID), Buffer.alloc(4)]);
  return [message(0x04, false, number, request, none), message(0x04, true, number, none, none)];
}
