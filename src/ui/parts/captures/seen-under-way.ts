/** Captures that this tab saw being read, by their ids: one that ends while the page is loaded again still says so. */
const KEY = "metron.captures-under-way";

export function seenUnderWay(): ReadonlySet<string> {
  return new Set((sessionStorage.getItem(KEY) ?? "").split(" ").filter((id) => id !== ""));
}

export function noteUnderWay(ids: readonly string[]): void {
  keep(new Set([...seenUnderWay(), ...ids]));
}

export function forgetUnderWay(id: string): void {
  const seen = new Set(seenUnderWay());
  seen.delete(id);
  keep(seen);
}

function keep(ids: ReadonlySet<string>): void {
  sessionStorage.setItem(KEY, [...ids].join(" "));
}
