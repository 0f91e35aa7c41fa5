/** Takes the files out of an upload by form (multipart/form-data; RFC 7578). */
import { fileNameOf } from "./disposition.ts";

/** A part of a form that is a file: its bytes are a view. */
export type FormFile = {
  readonly name: string;
  readonly type: string | undefined;
  readonly bytes: Uint8Array;
  readonly isComplete: boolean;
};

const HEAD_LIMIT = 16_384;

/** The boundary that a Content-Type of a form names. */
export function boundaryOf(type: string | undefined): string | undefined {
  const [, quoted, token] =
    /^multipart\/form-data\b.*?;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type ?? "") ?? [];
  return quoted ?? token;
}

/** The first files of a form, in order, `most` of them, and how many more there are; fields without a file name are left out. */
export function formFiles(
  body: Uint8Array,
  boundary: string,
  most: number,
): { readonly files: readonly FormFile[]; readonly more: number } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const mark = Buffer.from(`--${boundary}`, "latin1");
  const files: FormFile[] = [];
  let more = 0;
  for (let at = bytes.indexOf(mark); at >= 0; ) {
    const head = at + mark.length + 2;
    const next = bytes.indexOf(`\r\n--${boundary}`, head, "latin1");
    const end = next < 0 ? bytes.length : next;
    const blank = bytes.subarray(head, Math.min(end, head + HEAD_LIMIT)).indexOf("\r\n\r\n");
    if (blank >= 0) {
      const lines = bytes.toString("latin1", head, head + blank).split("\r\n");
      const name = fileNameOf(headerIn(lines, "content-disposition") ?? "");
      const content = body.subarray(head + blank + 4, end);
      const type = headerIn(lines, "content-type");
      if (name !== undefined && files.length < most)
        files.push({ name, type, bytes: content, isComplete: next >= 0 });
      else if (name !== undefined) more++;
    }
    at = next < 0 ? -1 : next + 2;
  }
  return { files, more };
}

function headerIn(lines: readonly string[], name: string): string | undefined {
  const line = lines.find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
