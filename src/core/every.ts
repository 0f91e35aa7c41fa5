import { Fault } from "./fault.ts";

/**
 * Opens every part of a document before it says what is wrong, so that nobody corrects one mistake to meet the next.
 * @throws Fault the one there is, or one that holds all of them in `details.faults`.
 */
export function openEvery<Part, Opened>(
  parts: Iterable<Part>,
  open: (part: Part, index: number) => Opened,
): Opened[] {
  const opened: Opened[] = [];
  const faults: Fault[] = [];
  let index = 0;
  for (const part of parts) {
    try {
      opened.push(open(part, index));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
    index += 1;
  }
  if (faults.length > 0) throwEvery(faults);
  return opened;
}

/** Does what `openEvery` does, one part after the other, where opening takes time. */
export async function openEveryLater<Part, Opened>(
  parts: Iterable<Part>,
  open: (part: Part) => Promise<Opened>,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  const faults: Fault[] = [];
  for (const part of parts) {
    try {
      opened.push(await open(part));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(...everyFault(error));
    }
  }
  if (faults.length > 0) throwEvery(faults);
  return opened;
}

/** Throws the fault there is, or one that holds all of several. */
export function throwEvery(faults: readonly Fault[]): never {
  const [first] = faults;
  if (first !== undefined && faults.length === 1) throw first;
  throw new Fault("CONFIG_INVALID", faults.map(({ message }) => message).join("\n"), { details: { faults } });
}

/** The faults that one of `openEvery` holds, each alone. */
export function everyFault(fault: Fault): Fault[] {
  const { faults } = (fault.details ?? {}) as { faults?: readonly Fault[] };
  return faults === undefined ? [fault] : faults.flatMap(everyFault);
}
