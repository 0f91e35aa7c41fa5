/**
 * Strongly connected components of a graph (Tarjan's algorithm, without recursion). They are numbered so that edges
 * between different components lead to lower numbers.
 */
export function components(next: readonly ReadonlySet<number>[]): {
  readonly of: readonly number[];
  readonly members: readonly (readonly number[])[];
} {
  const of: number[] = new Array(next.length).fill(-1);
  const members: number[][] = [];
  const order: number[] = new Array(next.length).fill(0);
  const low: number[] = new Array(next.length).fill(0);
  const open: number[] = [];
  let count = 0;

  const visit = (root: number) => {
    const work: { readonly node: number; readonly edges: Iterator<number> }[] = [];
    const enter = (node: number) => {
      order[node] = low[node] = ++count;
      open.push(node);
      work.push({ node, edges: (next[node] as ReadonlySet<number>).values() });
    };
    enter(root);
    while (work.length > 0) {
      const { node, edges } = work.at(-1) as (typeof work)[number];
      const edge = edges.next();
      if (!edge.done) {
        if (order[edge.value] === 0) enter(edge.value);
        else if (of[edge.value] === -1) {
          low[node] = Math.min(low[node] as number, order[edge.value] as number);
        }
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] === order[node]) close(node);
    }
  };
  const close = (node: number) => {
    const part: number[] = [];
    let top: number;
    do {
      top = open.pop() as number;
      of[top] = members.length;
      part.push(top);
    } while (top !== node);
    members.push(part);
  };
  for (let node = 0; node < next.length; node++) if (order[node] === 0) visit(node);
  return { of, members };
}
