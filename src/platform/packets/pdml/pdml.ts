import { Parser } from "htmlparser2";

/** PDML as the original answers it: elements as objects, their attributes as properties, `protos` and `fields` as lists. */
export type Pdml = { [name: string]: string | Pdml[] };

/** Under which name an element's children of a kind are listed; others are left out. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["packet", "packets"],
  ["proto", "protos"],
  ["field", "fields"],
]);

/** Reads what tshark writes with `-T pdml` (its manual) as it comes: elements with attributes and no text. */
export async function readPdml(xml: AsyncIterable<string>): Promise<Pdml> {
  const root: Pdml = {};
  const path: Pdml[] = [];
  const parser = new Parser(
    {
      onopentag(element, attributes) {
        const parent = path.at(-1);
        const made: Pdml = parent === undefined ? Object.assign(root, attributes) : { ...attributes };
        path.push(made);
        const list = LISTS.get(element);
        if (parent === undefined || list === undefined) return;
        const others = parent[list];
        if (Array.isArray(others)) others.push(made);
        else parent[list] = [made];
      },
      onclosetag() {
        path.pop();
      },
    },
    { xmlMode: true },
  );
  for await (const part of xml) parser.write(part);
  parser.end();
  return root;
}
