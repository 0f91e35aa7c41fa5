/**
 * The files of the intrusion. All are made up and harmless, and say so in their first line. They are the same in every scenario, so that
 * a hash that is printed in a guide is that of the file one carves.
 */
import { random } from "../random.ts";
import { type Content, said } from "./content.ts";
import { zipOf } from "./zip.ts";

const MARK = "This file is harmless: it was made up for the scenario of Metron and does nothing.\r\n";

/** A file and the hash it has, which the scenario's tests compute. */
export type Document = { readonly name: string; readonly content: Content; readonly sha256: string };

/** What hangs on the mail. */
export const NOTICE = (() => {
  const lines = [
    MARK.trimEnd(),
    "Your invoice 88213 is overdue. Open the statement and enable its content:",
    "http://invoices.contoso-rnetal.com/statement/2026-11/Invoice_88213.docm",
    "",
  ];
  return { name: "Reminder_88213.txt", content: said(lines.join("\r\n")) };
})();

/** The document with macros, which is none. */
export const INVOICE: Document = {
  name: "Invoice_88213.docm",
  content: padded(284_160, "INVOICE 88213", 11),
  sha256: "86578582bf8df05cae5261fcabe43256aa9067dafb0ecc3924836913183aa6db",
};

/** What the macro fetches: the implant. */
export const IMPLANT_FILE: Document = {
  name: "update.bin",
  content: padded(196_608, "IMPLANT", 12),
  sha256: "f1cf991f74597766d2296de51af8cec633e8d78ad0f1a7ae648205db52f0e8c6",
};

/** The tool that is copied to the domain controller. */
export const TOOL: Document = {
  name: "svcupd.exe",
  content: padded(1_196_032, "TOOL", 13),
  sha256: "77ce5e2821d5be1404767def5ba7184969a5159251d85ab425ee95213c5b3c86",
};

const PLANS = 40;
const PLAN_LENGTH = 528_384;

/** The drawings on the file server. */
export const DRAWINGS = Array.from({ length: PLANS }, (_, index) => ({
  name: `line-${index + 1}.dwg`,
  content: padded(PLAN_LENGTH, `DRAWING of production line ${index + 1}`, 100 + index),
}));

/** All of them in one archive: what is stolen. */
export const ARCHIVE: Document = {
  name: "plans-2026.zip",
  content: zipOf(DRAWINGS.map(({ name, content }) => ({ name: `plans/2026/${name}`, content }))),
  sha256: "8949b8b4aa13eee724d5dd7e3326e67c8b66633ae89bab37dfeda1da5d02cb62",
};

/** What there is to steal, as a list that leaves before it. */
export const LISTING: Document = {
  name: "plans-2026.txt",
  content: said(
    [
      MARK.trimEnd(),
      ...DRAWINGS.map(({ name, content }) => `plans/2026/${name}\t${content.length}`),
      "",
    ].join("\r\n"),
  ),
  sha256: "54f9b65540de3f986832b9d3792277f142eec0963417a4cd7c098822d390dfad",
};

const SHEET = 64;

/** A text of this many bytes: the mark, a title, and sheets of numbers that mean nothing. */
function padded(length: number, title: string, seed: number): Content {
  return {
    length,
    make() {
      const chance = random(seed);
      const lines = Array.from(
        { length: SHEET },
        (_, line) =>
          `  ${String(line).padStart(2, "0")}  x ${chance.hex(8)}  y ${chance.hex(8)}  z ${chance.hex(8)}\r\n`,
      );
      const sheet = lines.join("");
      const head = `${MARK}${title}\r\n`;
      let text = head;
      for (let number = 1; text.length < length; number++) text += `Sheet ${number} of ${title}\r\n${sheet}`;
      return said(text.slice(0, length)).make();
    },
  };
}
