import { createHash } from "node:crypto";
import { type FileHandle, link, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "../../core/fault.ts";
import { errorCode, writeFault } from "../folder.ts";

/** Bytes read at once. */
const STEP = 1 << 20;

type Copied = { readonly bytes: number; readonly sha256: string };

/** Reads a file to its end. @param onBytes told how many more were read. @throws the system's error */
export async function sumFile(path: string, onBytes: (count: number) => void = () => {}): Promise<Copied> {
  await using file = await open(path, "r");
  return await pass(file, undefined, onBytes);
}

/**
 * Copies a file, made durable, and returns what was copied. The folder it goes to is made.
 * @throws Fault DISK_FULL, FOLDER_UNWRITABLE; the system's error where the file cannot be read
 */
export async function copyFile(
  from: string,
  to: string,
  onBytes: (count: number) => void = () => {},
): Promise<Copied> {
  await using source = await open(from, "r");
  try {
    await mkdir(dirname(to), { recursive: true });
    await using target = await open(to, "w");
    const copied = await pass(source, target, onBytes);
    await target.sync();
    return copied;
  } catch (error) {
    throw error instanceof Fault ? error : writeFault(`writing ${to}`, error);
  }
}

/**
 * Gives a file a second name, which keeps its bytes whoever removes the first.
 * @returns false where file systems do not share a file between these two places
 */
export async function linkFile(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (["EXDEV", "EPERM", "ENOTSUP", "EMLINK", "ENOSYS"].includes(errorCode(error))) return false;
    throw error;
  }
}

async function pass(
  source: FileHandle,
  target: FileHandle | undefined,
  onBytes: (count: number) => void,
): Promise<Copied> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(STEP);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, STEP);
    if (bytesRead === 0) return { bytes, sha256: hash.digest("hex") };
    const part = buffer.subarray(0, bytesRead);
    hash.update(part);
    if (target !== undefined) await target.write(part, 0, bytesRead);
    bytes += bytesRead;
    onBytes(bytesRead);
  }
}
