import type { ReactNode } from "react";

type Props = {
  /** What the table is called, for who reaches its box by keys. */
  readonly label: string;
  readonly children: ReactNode;
};

/** A box in which a table scrolls sideways when the window is narrower, so that the page does not. */
export function WideTable({ label, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keys
    <section className="wide-table" aria-label={label} tabIndex={0} data-scrolls>
      {children}
    </section>
  );
}
