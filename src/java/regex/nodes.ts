import type { CharSet } from "./char-set.ts";

/** The parts of a pattern, with flags already applied. */
export type RegexNode =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly options: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly item: RegexNode;
      readonly min: number;
      /** Infinity where there is no limit. */
      readonly max: number;
      readonly lazy: boolean;
    }
  | {
      readonly kind: "group";
      readonly index: number;
      readonly name: string | undefined;
      readonly item: RegexNode;
    }
  /** Once matched it is not tried again: `(?>...)` and possessive repeats. */
  | { readonly kind: "atomic"; readonly item: RegexNode }
  | { readonly kind: "look"; readonly ahead: boolean; readonly negative: boolean; readonly item: RegexNode }
  | { readonly kind: "backreference"; readonly index: number; readonly caseless: boolean }
  | { readonly kind: "assertion"; readonly type: Assertion };

export type Assertion =
  /** `\A`, and `^` without the flag `m`. */
  | "start"
  /** `\z`. */
  | "end"
  /** `\Z`, and `$` without the flag `m`: at the end or before the line end that ends the text. */
  | "lastLineEnd"
  /** `^` and `$` under the flag `m`. */
  | "lineStart"
  | "lineEnd"
  /** The three above under the flag `d`: only LF ends a line. */
  | "unixLastLineEnd"
  | "unixLineStart"
  | "unixLineEnd"
  | "boundary"
  | "notBoundary";

export const EMPTY: RegexNode = { kind: "sequence", items: [] };

export type ParsedRegex = {
  readonly root: RegexNode;
  /** Number of capturing groups. */
  readonly groups: number;
  /** Index of each named group. */
  readonly names: ReadonlyMap<string, number>;
};

/** Whether a part can match without reading anything. */
export function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "sequence":
      return node.items.every(isNullable);
    case "choice":
      return node.options.some(isNullable);
    case "repeat":
      return node.min === 0 || isNullable(node.item);
    case "group":
    case "atomic":
      return isNullable(node.item);
    case "look":
    case "assertion":
    case "backreference":
      return true;
  }
}
