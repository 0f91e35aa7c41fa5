import { execFile } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "../../core/fault.ts";

/**
 * A pipe from another program. Node gives its children sockets in place of pipes; a program that writes each packet by itself takes twice as
 * long with these, as each write is then a message of its own in the kernel.
 */
export type Pipe = {
  /** The end that the other program gets as its standard output. The caller that starts it closes this with `started`. */
  readonly writing: number;
  /** What comes, in large chunks, each valid until the next is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** To be called when the other program has its end, or will never have it. */
  started(): void;
  /** Reads no more. */
  close(): void;
};

/** A read brings what a pipe holds at the most, 64 KB on Linux. */
const READ_BYTES = 65_536;
/** Bytes that are gathered before they are handed over, at once from `ENOUGH_BYTES` on, after `GATHER_MS` however few they are. */
const GATHERED_BYTES = 1 << 20;
const ENOUGH_BYTES = 1 << 18;
const GATHER_MS = 20;

/** Opens a pipe. It needs `mkfifo`, which every Unix has. Throws Fault CAPTURE_REFUSED. */
export async function openPipe(): Promise<Pipe> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "metron-pipe-"));
    const path = join(folder, "pipe");
    await promisify(execFile)("mkfifo", ["-m", "600", path]);
    // The reader first: nobody is waited for then.
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(path, constants.O_WRONLY);
    let isStarted = false;
    const { bytes, close } = gather(reading);
    return {
      ...{ writing, bytes, close },
      started() {
        if (!isStarted) closeSync(writing);
        isStarted = true;
      },
    };
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Fault("CAPTURE_REFUSED", `capturing packets: making a pipe in ${tmpdir()}: ${why}`, { cause });
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

/** Reads into one block while the other one is worked on, so that memory is bounded and no chunk costs an allocation. */
function gather(fd: number): Pick<Pipe, "bytes" | "close"> {
  let filling = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  let spare = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  let filled = 0;
  let isOver = false;
  /** Whether what there is has waited long enough. */
  let isDue = false;
  let timer: NodeJS.Timeout | undefined;
  let wake = () => {};
  const due = () => {
    isDue = true;
    wake();
  };
  const socket = new Socket({
    ...{ fd, readable: true, writable: false },
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(count, read) {
        filling.set(read.subarray(0, count), filled);
        filled += count;
        if (filled >= ENOUGH_BYTES) due();
        else timer ??= setTimeout(due, GATHER_MS);
        return filled + READ_BYTES <= GATHERED_BYTES;
      },
    },
  });
  const end = () => {
    isOver = true;
    wake();
  };
  // Nothing but a closed end tells that the other program is gone; it says itself why.
  socket.on("end", end).on("close", end).on("error", end);
  async function* read() {
    try {
      for (;;) {
        while (!isDue && !isOver) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        clearTimeout(timer);
        timer = undefined;
        isDue = false;
        if (filled === 0) return;
        const chunk = filling.subarray(0, filled);
        [filling, spare] = [spare, filling];
        filled = 0;
        if (!isOver) socket.resume();
        yield chunk;
      }
    } finally {
      socket.destroy();
    }
  }
  return { bytes: read(), close: () => socket.destroy() };
}
