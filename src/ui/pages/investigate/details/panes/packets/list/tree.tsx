import { useEffect, useRef, useState } from "react";
import type { PacketNode } from "../../../../../../../api/packet-reading.ts";
import { visible } from "../../../../../../parts/cells.ts";
import type { ByteRange } from "../packets-state.ts";

/** The field that is selected: by its name and, as a name may come twice, by its bytes; of bytes alone the smallest that has them all. */
export function fieldNamed(
  nodes: readonly PacketNode[],
  name: string | undefined,
  bytes: ByteRange | undefined,
): PacketNode | undefined {
  if (name === undefined && bytes !== undefined) return fieldOver(nodes, bytes);
  const named = [...everyNode(nodes)].filter((node) => node.name === name);
  return named.find(({ start }) => start === bytes?.from) ?? named[0];
}

/** The smallest field that has all bytes of a range; of equal ones the innermost. */
export function fieldOver(nodes: readonly PacketNode[], { from, to }: ByteRange): PacketNode | undefined {
  let best: PacketNode | undefined;
  for (const node of everyNode(nodes))
    if (
      node.start <= from &&
      to < node.start + node.length &&
      node.length <= (best?.length ?? Number.POSITIVE_INFINITY)
    )
      best = node;
  return best;
}

function* everyNode(nodes: readonly PacketNode[]): Generator<PacketNode> {
  for (const node of nodes) {
    yield node;
    yield* everyNode(node.fields ?? []);
  }
}

type Props = {
  readonly nodes: readonly PacketNode[];
  readonly selected: PacketNode | undefined;
  readonly onPick: (node: PacketNode) => void;
};

type Line = { readonly node: PacketNode; readonly level: number; readonly path: string };

/** Layers and fields, one line each: arrow keys walk, Left and Right close and open. */
export function Tree({ nodes, selected, onPick }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const lines = linesOf(nodes, closed);
  const at = lines.findIndex(({ node }) => node === selected);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (selected !== undefined)
      element.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const toggle = (path: string, open: boolean) =>
    setClosed((before) => {
      const after = new Set(before);
      if (open) after.delete(path);
      else after.add(path);
      return after;
    });
  const onKeyDown = (event: React.KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = lines[at];
    if (by !== undefined) {
      const next = lines[Math.max(0, Math.min(lines.length - 1, at + by))];
      if (next !== undefined) onPick(next.node);
    } else if (event.key === "ArrowLeft" && line?.node.fields !== undefined) toggle(line.path, false);
    else if (event.key === "ArrowRight" && line?.node.fields !== undefined) toggle(line.path, true);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={element}
      className="packet-tree"
      role="tree"
      aria-label="Fields of the packet"
      tabIndex={0}
      data-scrolls
      onKeyDown={onKeyDown}
    >
      {lines.map(({ node, level, path }) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree walks by the arrow keys
        <div
          key={path}
          role="treeitem"
          aria-level={level}
          aria-selected={node === selected}
          aria-expanded={node.fields === undefined ? undefined : !closed.has(path)}
          tabIndex={-1}
          title={node.name}
          style={{ paddingLeft: 4 + (level - 1) * 14 }}
          onClick={() => onPick(node)}
          onDoubleClick={() => toggle(path, closed.has(path))}
        >
          {node.fields !== undefined && (
            <span
              className="packet-twist"
              aria-hidden="true"
              onClick={(event) => {
                event.stopPropagation();
                toggle(path, closed.has(path));
              }}
            >
              {closed.has(path) ? "▸" : "▾"}
            </span>
          )}
          <span className={level === 1 ? "packet-layer" : "dim"}>{visible(node.label)}</span>
          {node.value !== undefined && <span className="mono"> {visible(node.value)}</span>}
          {node.note !== undefined && <span className="packet-note"> {visible(node.note)}</span>}
        </div>
      ))}
    </div>
  );
}

function linesOf(nodes: readonly PacketNode[], closed: ReadonlySet<string>, level = 1, above = ""): Line[] {
  return nodes.flatMap((node, at): Line[] => {
    const path = `${above}${at}.`;
    const inner =
      node.fields === undefined || closed.has(path) ? [] : linesOf(node.fields, closed, level + 1, path);
    return [{ node, level, path }, ...inner];
  });
}
