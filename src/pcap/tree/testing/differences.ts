type Difference = {
  readonly field: string;
  /** `name@start+size`. */
  readonly at: string;
  readonly place: string;
  readonly whose: "ours" | "theirs";
  /** The layers that tshark has. */
  readonly protocols: string;
};
export const EXPLAINED: readonly {
  readonly why: string;
  readonly is: (difference: Difference) => boolean;
}[] = [];
