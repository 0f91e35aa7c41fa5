import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { getPacket, type PacketNode } from "../../../../../../../api/packet-reading.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call } from "../../../../../../call.ts";
import { PacketsFailed } from "../no-packets.tsx";
import type { ByteRange, ChangePackets } from "../packets-state.ts";
import { Line } from "../stream/line.tsx";
import { HEX_WIDTH } from "../stream/rows.ts";
import { SelectedBytes } from "../stream/selected-bytes.tsx";
import { movedBy, selectedBytes } from "../stream/selection.ts";
import { fieldNamed, fieldOver, Tree } from "./tree.tsx";

/** Where the arrow keys begin while nothing is selected: the next byte is the first. */
const BEFORE_FIRST: ByteRange = { from: -1, to: -1 };

type Props = {
  readonly query: PacketQueryState;
  readonly number: number;
  readonly bytes: ByteRange | undefined;
  readonly field: string | undefined;
  readonly change: ChangePackets;
};

/** One packet: its fields and its bytes, each showing where the other is. */
export function PacketDetail({ query, number, bytes, field, change }: Props) {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["packet", query.id, number],
    queryFn: ({ signal }) => call(getPacket, { params: { id: query.id, number }, signal }),
  });
  const frame = useMemo(() => fromHex(data?.hex ?? ""), [data]);
  const starts = Array.from({ length: Math.ceil(frame.length / HEX_WIDTH) }, (_, at) => at * HEX_WIDTH);
  const tree = data?.tree ?? [];
  const selected = bytes?.side === undefined ? bytes : undefined;
  const hex = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: selected bytes are brought into sight when they are selected, or loaded
  useEffect(() => {
    hex.current?.querySelector(".bytes-selected")?.scrollIntoView({ block: "nearest" });
  }, [selected?.from, selected?.to, data]);
  const pick = (node: PacketNode) =>
    change(
      {
        field: node.name,
        bytes: node.length === 0 ? undefined : { from: node.start, to: node.start + node.length - 1 },
      },
      { replace: true },
    );
  return (
    <section className="packet-detail" aria-label={`Packet ${number}`} aria-busy={isPending}>
      <header>
        <h3>Packet {number}</h3>
        <ActionIcon
          size="sm"
          aria-label="Close the packet"
          onClick={() => change({ packet: undefined, bytes: undefined, field: undefined })}
        >
          <IconX size={14} />
        </ActionIcon>
      </header>
      {error !== null && <PacketsFailed error={error} onRetry={() => refetch()} />}
      {data !== undefined && (
        <div className="packet-parts">
          <Tree nodes={tree} selected={fieldNamed(tree, field, selected)} onPick={pick} />
          <div
            ref={hex}
            className="packet-hex"
            role="document"
            aria-label="Bytes of the packet"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by the keyboard
            tabIndex={0}
            data-scrolls
            onKeyDown={(event) => {
              const moved = movedBy(event, selected ?? BEFORE_FIRST);
              if (moved === undefined || moved.to >= frame.length) return;
              event.preventDefault();
              change({ bytes: moved, field: undefined }, { replace: true });
            }}
            onPointerUp={(event) => {
              const range = selectedBytes(event.currentTarget, ({ from, to }) =>
                frame.subarray(from, to + 1),
              );
              if (range === undefined) return;
              const node = range.from === range.to ? fieldOver(tree, range) : undefined;
              if (node !== undefined) pick(node);
              else change({ bytes: range, field: undefined }, { replace: true });
            }}
          >
            {starts.map((start) => (
              <div key={start}>
                <Line
                  bytes={frame.subarray(start, start + HEX_WIDTH)}
                  position={start}
                  look="both"
                  selected={selected}
                />
              </div>
            ))}
          </div>
        </div>
      )}
      {data !== undefined && (
        <SelectedBytes range={selected} bytes={selected && frame.subarray(selected.from, selected.to + 1)} />
      )}
    </section>
  );
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}
