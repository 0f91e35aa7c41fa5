/**
 * What half-space trees have learned, as bytes: a header in JSON with its length before it (32 bits, little-endian), then numbers of 64
 * bits. It goes into a checkpoint of the platform and is read by the same or a later version.
 */

export type State = {
  readonly features: readonly string[];
  readonly window: number;
  readonly learned: number;
  /** By feature: the least value of its range, and 1 by the width of it. */
  readonly least: Float64Array;
  readonly scale: Float64Array;
  /** Features of the messages of the reference window, row after row; empty before the first is full. */
  readonly reference: Float64Array;
  /** The same for the part of the latest window that is there. */
  readonly latest: Float64Array;
};

/** A later form of the bytes gets a later number. */
const FORM = "half-space trees 1";
const MOST_HEADER = 1 << 20;

export function writeState(state: State): Uint8Array<ArrayBuffer> {
  const { features, window, learned, least, scale, reference, latest } = state;
  const header = {
    form: FORM,
    features,
    window,
    learned,
    reference: reference.length,
    latest: latest.length,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const parts = [least, scale, reference, latest];
  const numbers = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(4 + text.length + 8 * numbers);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(text, 4);
  let at = 4 + text.length;
  for (const part of parts) {
    for (const number of part) {
      view.setFloat64(at, number, true);
      at += 8;
    }
  }
  return bytes;
}

/** Reads what `writeState` wrote; the reason where that cannot be done. */
export function readState(bytes: Uint8Array): State | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (length === 0 || length > MOST_HEADER || 4 + length > bytes.length) return "it has no header";
  const header = headerOf(bytes.subarray(4, 4 + length));
  if (header === undefined) return "its header is of another form";
  const { features, window, learned, reference, latest } = header;
  const sizes = [features.length, features.length, reference, latest];
  const wanted = 4 + length + 8 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== wanted) return `it has ${bytes.length} bytes in place of ${wanted}`;
  let at = 4 + length;
  const [least, scale, referenceRows, latestRows] = sizes.map((size) => {
    const part = new Float64Array(size);
    for (let index = 0; index < size; index++, at += 8) part[index] = view.getFloat64(at, true);
    return part;
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  if (![least, scale, referenceRows, latestRows].every((part) => part.every(Number.isFinite)))
    return "it holds numbers that are not finite";
  return { features, window, learned, least, scale, reference: referenceRows, latest: latestRows };
}

/**
 * Puts states of models with the same features and window together, as workers that share a sensor have them: their reference windows
 * in turn, message by message, so that each has the same share, and the ranges of the first that has any. Windows need not be of one time;
 * each is the latest of its worker.
 * @param states at least one
 */
export function mergeStates(states: readonly [State, ...State[]]): State {
  const grown = states.filter(({ reference }) => reference.length > 0);
  const first = grown[0] ?? states[0];
  const learned = states.reduce((sum, state) => sum + state.learned, 0);
  const width = first.features.length;
  const reference = first.reference.map(
    (value, at) => grown[Math.floor(at / width) % grown.length]?.reference[at] ?? value,
  );
  return { ...first, learned, reference };
}

type Header = {
  readonly features: readonly string[];
  readonly window: number;
  readonly learned: number;
  readonly reference: number;
  readonly latest: number;
};

function headerOf(bytes: Uint8Array): Header | undefined {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof header !== "object" || header === null) return undefined;
  const { form, features, window, learned, reference, latest } = header as Header & { form: string };
  const isCount = (value: unknown, most = Number.MAX_SAFE_INTEGER): boolean =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
  if (form !== FORM || !Array.isArray(features) || features.length === 0) return undefined;
  if (!features.every((name) => typeof name === "string") || !isCount(learned)) return undefined;
  if (!isCount(window, 65_535) || window === 0) return undefined;
  const rows = window * features.length;
  if (reference !== 0 && reference !== rows) return undefined;
  if (!isCount(latest, rows - 1) || latest % features.length !== 0) return undefined;
  return { features, window, learned, reference, latest };
}
