import { ActionIcon, NativeSelect, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useRef } from "react";
import { useShortcuts } from "../../../../../../parts/keys.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { DETAILS_KEYS } from "../../../details-keys.ts";
import { FIND_KINDS, type FindKind, MOST_HITS } from "./find.ts";

type Props = {
  readonly kind: FindKind;
  readonly text: string;
  /** Whether it is called together with what it is part of. */
  readonly hasFocus: boolean;
  readonly onLook: (kind: FindKind, text: string) => void;
  /** How many were found, which of them is selected (from 1, 0 for none), and whether there may be more. */
  readonly count: number;
  readonly current: number;
  readonly isSearching: boolean;
  /** How much was looked through, when that is not all: `in the first 16.8 MB of 21.1 MB`. */
  readonly part: string | undefined;
  readonly mistake: string | undefined;
  readonly onStep: (by: 1 | -1) => void;
};

/** Finds bytes in a stream. What is looked for stays out of the address, as it may be what was said. */
export function FindBar({
  kind,
  text,
  hasFocus,
  onLook,
  count,
  current,
  isSearching,
  part,
  mistake,
  onStep,
}: Props) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([[DETAILS_KEYS.find, () => input.current?.focus()]]);
  return (
    <search className="stream-find">
      <NativeSelect
        size="xs"
        aria-label="Find as"
        value={kind}
        onChange={(event) =>
          onLook(FIND_KINDS.find((each) => each === event.currentTarget.value) ?? "text", text)
        }
        data={[
          { value: "text", label: "Text" },
          { value: "hex", label: "Hex" },
          { value: "regex", label: "Regex" },
        ]}
      />
      <TextInput
        ref={input}
        autoFocus={hasFocus}
        aria-label="Find in the stream"
        placeholder="Find (f)"
        value={text}
        aria-invalid={mistake !== undefined}
        onChange={(event) => onLook(kind, event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
          if (event.key !== "Escape") return;
          onLook(kind, "");
          event.currentTarget.blur();
        }}
      />
      {text !== "" && (
        <>
          <ActionIcon size="sm" aria-label="Previous hit" disabled={count === 0} onClick={() => onStep(-1)}>
            <IconChevronUp size={14} />
          </ActionIcon>
          <ActionIcon size="sm" aria-label="Next hit" disabled={count === 0} onClick={() => onStep(1)}>
            <IconChevronDown size={14} />
          </ActionIcon>
          <span className="dim" role="status" data-mistake={mistake !== undefined || undefined}>
            {mistake ??
              (isSearching ? "looking…" : [hitsText(current, count), part].filter(Boolean).join(" "))}
          </span>
        </>
      )}
    </search>
  );
}

function hitsText(current: number, count: number): string {
  if (count === 0) return "not found";
  const of = `${countText(count)}${count === MOST_HITS ? " or more" : ""}`;
  return current === 0 ? `${of} found` : `${countText(current)} of ${of}`;
}
