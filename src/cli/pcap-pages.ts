import { writeFileSync } from "node:fs";

/** The header of a pcap file, and of a packet in it, with its captured length as the third word. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/**
 * Cuts a pcap file of the platform's (little-endian) into files of so many packets, named as the original names them:
 * `pcap-data-<prefix>+0001.pcap` in the working directory.
 * @returns the names of the files
 */
export async function pagesOf(
  capture: AsyncIterable<Uint8Array>,
  prefix: string,
  perFile: number,
): Promise<string[]> {
  const files: string[] = [];
  let header: Buffer | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let page: Buffer[] = [];
  const flush = (): void => {
    if (header === undefined || page.length === 0) return;
    const file = `pcap-data-${prefix}+${String(files.length + 1).padStart(4, "0")}.pcap`;
    writeFileSync(file, Buffer.concat([header, ...page]));
    files.push(file);
    page = [];
  };
  for await (const chunk of capture) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    if (header === undefined) {
      if (rest.length < FILE_HEADER) continue;
      header = rest.subarray(0, FILE_HEADER);
      at = FILE_HEADER;
    }
    while (rest.length - at >= RECORD_HEADER) {
      const end = at + RECORD_HEADER + rest.readUInt32LE(at + 8);
      if (rest.length < end) break;
      page.push(rest.subarray(at, end));
      at = end;
      if (page.length === perFile) flush();
    }
    rest = rest.subarray(at);
  }
  flush();
  return files;
}
