/** Patterns are nearly always constants, but may come out of the data too: what is remembered has a bound. */
const MAX_ENTRIES = 500;

/** A function of one text that remembers its latest results. */
export function remember<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size >= MAX_ENTRIES) {
      const oldest = known.keys().next();
      if (!oldest.done) known.delete(oldest.value);
    }
    known.set(key, made);
    return made;
  };
}
