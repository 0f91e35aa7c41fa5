import type { Span } from "../../../core/author-error.ts";
import type { Ipv6 } from "../../../core/ip.ts";
import type { Protocol } from "./names.ts";

/** A protocol before a condition, as it was written. */
export type Qualifier = { readonly name: string; readonly protocol: Protocol };

/** Which end of a packet has to match: one of the two, the one named, or both. */
export type Direction = "either" | "src" | "dst" | "both";

/** A filter. AND and OR bind alike, from left to right, so they come as one chain. */
export type Filter =
  | { readonly kind: "chain"; readonly first: Filter; readonly rest: readonly Link[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | Primitive;

export type Link = { readonly operator: "and" | "or"; readonly filter: Filter };

export type Primitive = { readonly span: Span } & (
  | {
      readonly kind: "address4";
      readonly address: number;
      readonly mask: number;
      readonly direction: Direction;
      readonly qualifier?: Qualifier | undefined;
    }
  | {
      readonly kind: "address6";
      readonly address: Ipv6;
      readonly bits: number;
      readonly direction: Direction;
      readonly qualifier?: Qualifier | undefined;
    }
  | { readonly kind: "hardware"; readonly address: readonly number[]; readonly direction: Direction }
  | {
      readonly kind: "port";
      readonly from: number;
      readonly to: number;
      readonly direction: Direction;
      readonly qualifier?: Qualifier | undefined;
    }
  /** `ip proto 6`, `ether proto 0x0800`. */
  | { readonly kind: "number"; readonly number: number; readonly qualifier?: Qualifier | undefined }
  | { readonly kind: "protocol"; readonly qualifier: Qualifier }
  | { readonly kind: "vlan" | "mpls" | "pppoes"; readonly number?: number | undefined }
  | { readonly kind: "broadcast" | "multicast"; readonly qualifier?: Qualifier | undefined }
  | { readonly kind: "outbound"; readonly isInbound: boolean }
  | {
      readonly kind: "relation";
      readonly operator: Comparison;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
);

export type Comparison = "<" | "<=" | "=" | "!=" | ">=" | ">";

export type Arithmetic =
  | { readonly kind: "constant"; readonly value: number }
  /** The length of the packet on the wire. */
  | { readonly kind: "length" }
  /** Bytes of a protocol, counted from the beginning of its header. */
  | {
      readonly kind: "bytes";
      readonly qualifier: Qualifier;
      readonly offset: Arithmetic;
      readonly size: 1 | 2 | 4;
      readonly span: Span;
    }
  | { readonly kind: "negative"; readonly operand: Arithmetic }
  | {
      readonly kind: "operation";
      readonly operator: Operator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly span: Span;
    };

export type Operator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>";
