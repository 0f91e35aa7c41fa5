const STEPS = ["kB", "MB", "GB", "TB", "PB"] as const;

/** Fields that count bytes, by the names that sensors use: `orig_bytes`, `bytes_in`, `file.size`. */
const BYTES = /(^|[._])(bytes|size|octets)($|[._])|(^|[._])(rsize|isize)$|_bytes/;

/** Whether a field counts bytes. */
export function countsBytes(field: string): boolean {
  return BYTES.test(field);
}

/** A number of bytes to the last digit, with the size a person has a feeling for: `41,386,587 B (41.4 MB)`. */
export function bytesText(bytes: number): string {
  const exact = `${bytes.toLocaleString("en")} B`;
  const step = Math.min(STEPS.length, Math.floor(Math.log10(Math.max(1, Math.abs(bytes))) / 3));
  if (step === 0) return exact;
  return `${exact} (${(bytes / 1000 ** step).toFixed(1)} ${STEPS[step - 1]})`;
}
