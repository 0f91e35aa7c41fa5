import { expect, test } from "vitest";
import { type Pdml, readPdml } from "./pdml.ts";

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

const read = (text: string, size = 1_000): Promise<Pdml> => readPdml(inPieces(text, size));

const WRITTEN = `<?xml version="1.0" encoding="utf-8"?>
<!-- You can find pdml2html.xsl in /usr/share/wireshark -->
<pdml version="0" creator="wireshark/4.4">
<packet>
  <proto name="http" showname="A &lt;b&gt; &amp; &quot;c&quot; &#x41;&#66;" size="3">
    <field name="" show="GET /&#10;"><field name="inner" value="00"/></field>
    <proto name="nested"/>
    <field name="last"></field>
  </proto>
</packet>
</pdml>`;

test.each([1, 2, 7, 1_000])("elements become objects however they are cut: %i characters", async (size) => {
  expect(await read(WRITTEN, size)).toEqual({
    ...{ version: "0", creator: "wireshark/4.4" },
    packets: [
      {
        protos: [
          {
            ...{ name: "http", showname: 'A <b> & "c" AB', size: "3" },
            fields: [
              { name: "", show: "GET /\n", fields: [{ name: "inner", value: "00" }] },
              { name: "last" },
            ],
            protos: [{ name: "nested" }],
          },
        ],
      },
    ],
  });
});

test.each([
  ["nothing", "", {}],
  ["a cut end", '<pdml><packet><proto name="a"><field na', { packets: [{ protos: [{ name: "a" }] }] }],
  ["no end tags", "<pdml><packet><packet>", { packets: [{}] }],
  ["too many end tags", "<pdml></pdml></packet></pdml>", {}],
  ["other elements", "<pdml><script>x</script></pdml>", {}],
])("damaged PDML gives what can be had: %s", async (_, text, made) => {
  expect(await read(text)).toMatchObject(made);
});

test("elements that are very deep in each other are read", async () => {
  const made = await read(`<pdml>${"<field>".repeat(10_000)}`);
  let depth = 0;
  for (let at: Pdml | string | undefined = made; typeof at === "object"; depth++)
    at = Array.isArray(at.fields) ? at.fields[0] : undefined;
  expect(depth).toBe(10_001);
});
