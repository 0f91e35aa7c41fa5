/** All parts of an answer, as texts. */
export async function textsOf(parts: AsyncIterable<Uint8Array>): Promise<string[]> {
  const texts: string[] = [];
  for await (const part of parts) texts.push(Buffer.from(part).toString());
  return texts;
}
