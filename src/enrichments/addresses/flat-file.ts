import { closeSync, openSync, readSync, renameSync, writeFileSync, writeSync } from "node:fs";

/**
 * Typed arrays in a nested plain object as one file, and back into one piece of shared memory: how a database that took
 * seconds to flatten is there in a moment at the next start. The file is for this machine's byte order only.
 */

const TYPES = { Uint8Array, Uint16Array, Uint32Array } as const;
type TypeName = keyof typeof TYPES;
type Numbers = InstanceType<(typeof TYPES)[TypeName]>;
type Arrays = { readonly [key: string]: Numbers | Arrays | undefined };
type Entry = {
  readonly path: readonly string[];
  readonly type: TypeName;
  readonly offset: number;
  readonly length: number;
};

const MAGIC = "metron-flat-2\n";
const ALIGNMENT = 8;

/** Writes the arrays of an object. The file appears under its name only when it is whole. */
export function writeFlat(file: string, arrays: object): void {
  const entries: Entry[] = [];
  const parts: Numbers[] = [];
  let offset = 0;
  const collect = (value: Arrays, path: readonly string[]): void => {
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      if (!ArrayBuffer.isView(inner)) {
        collect(inner as Arrays, [...path, key]);
        continue;
      }
      const type = typeOf(inner as Numbers);
      entries.push({ path: [...path, key], type, offset, length: inner.length });
      parts.push(inner);
      offset += Math.ceil(inner.byteLength / ALIGNMENT) * ALIGNMENT;
    }
  };
  collect(arrays as Arrays, []);
  const header = Buffer.from(`${MAGIC}${JSON.stringify({ bytes: offset, entries })}\n`);
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, header);
  const handle = openSync(temporary, "a");
  for (const part of parts) {
    writeSync(handle, new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    writeSync(handle, Buffer.alloc((ALIGNMENT - (part.byteLength % ALIGNMENT)) % ALIGNMENT));
  }
  closeSync(handle);
  renameSync(temporary, file);
}

/** Reads such a file into shared memory; undefined when it is not there or not whole. */
export function readFlat(file: string): object | undefined {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const head = Buffer.alloc(1 << 16);
    const text = head.toString("utf8", 0, readSync(handle, head, 0, head.length, 0));
    const end = text.indexOf("\n", MAGIC.length);
    if (!text.startsWith(MAGIC) || end < 0) return undefined;
    const { bytes, entries } = JSON.parse(text.slice(MAGIC.length, end)) as {
      bytes: number;
      entries: Entry[];
    };
    const memory = new SharedArrayBuffer(bytes);
    if (readSync(handle, new Uint8Array(memory), 0, bytes, end + 1) !== bytes) return undefined;
    const root: Record<string, unknown> = {};
    for (const { path, type, offset, length } of entries) {
      let owner = root;
      for (const key of path.slice(0, -1)) {
        owner[key] ??= {};
        owner = owner[key] as Record<string, unknown>;
      }
      owner[path.at(-1) as string] = new TYPES[type](memory as unknown as ArrayBuffer, offset, length);
    }
    return root;
  } finally {
    closeSync(handle);
  }
}

function typeOf(numbers: Numbers): TypeName {
  if (numbers instanceof Uint8Array) return "Uint8Array";
  return numbers instanceof Uint16Array ? "Uint16Array" : "Uint32Array";
}
