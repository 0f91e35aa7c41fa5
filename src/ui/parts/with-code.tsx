/** A sentence whose parts between back-ticks are set as code. It is only ever text. */
export function WithCode({ text }: { text: string }) {
  return text.split("`").map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no other identity, and never move
    at % 2 === 1 ? <code key={at}>{part}</code> : part,
  );
}
