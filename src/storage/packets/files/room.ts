import { errorCode, writeFault } from "../../folder.ts";
import type { Shelf } from "./shelf.ts";

/**
 * Writes, and drops the oldest packets as long as the disk is full and some may go.
 * @throws Fault DISK_FULL, FOLDER_UNWRITABLE
 */
export function withRoom<Result>(doing: string, shelf: Shelf, write: () => Result): Result {
  for (;;) {
    try {
      return write();
    } catch (error) {
      const code = errorCode(error);
      const [oldest] = code === "ENOSPC" || code === "EDQUOT" ? shelf.droppable() : [];
      if (oldest === undefined) throw writeFault(doing, error);
      shelf.drop(oldest, "the disk is full");
    }
  }
}
