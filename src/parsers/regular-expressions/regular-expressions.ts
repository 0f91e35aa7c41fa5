import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import { emptyMessage, type Message } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { mixed } from "../../schema/field.ts";
import { boundedExec, type Exec } from "../bounded-pattern.ts";
import { inCharset, readCharset } from "../charset.ts";
import { translateRegex } from "../grok/java-regex.ts";
import { defineParser } from "../parser.ts";
import { reading } from "../reading-option.ts";

const regexes = z.union([z.string(), z.array(z.string()).min(1)]);

/** Names that Java takes for groups. */
const NAME = /^[a-zA-Z][a-zA-Z0-9]*$/;

const EMPTY = new Rejection("parser_error", "the record is blank");

export const regularExpressions = defineParser({
  name: "regularExpressions",
  summary: "Reads text by regular expressions chosen by the type of the record.",
  config: z.strictObject({
    recordTypeRegex: z
      .string()
      .min(1)
      .describe("Finds the type of a record: the text it matches, compared without case."),
    messageHeaderRegex: regexes
      .optional()
      .describe(
        "Expressions for the part all types share; the first that is found gives its groups. Nothing is shared when left out.",
      ),
    fields: z
      .array(
        z.strictObject({
          recordType: z.string().min(1).describe("Type of the record."),
          regex: regexes.describe(
            "Expressions for the whole record; the first that matches gives its groups.",
          ),
        }),
      )
      .describe("Expressions for each type of record."),
    convertCamelCaseToUnderScore: z
      .union([z.boolean(), z.enum(["true", "false"])])
      .default(false)
      .describe("Whether a group such as ipSrcAddr becomes the field ip_src_addr."),
    reading,
    readCharset,
  }),
  fields: [mixed("*", "What the patterns of the configuration call their parts.")],
  open: (config) => {
    const underscore =
      config.convertCamelCaseToUnderScore === true || config.convertCamelCaseToUnderScore === "true";
    const compile = (
      place: string,
      source: string | readonly string[] | undefined,
      whole: boolean,
    ): Regex[] => [source ?? []].flat().map((regex) => compileRegex(place, regex, whole, underscore));
    const type = compileRegex("recordTypeRegex", config.recordTypeRegex, false, underscore);
    const header = compile("messageHeaderRegex", config.messageHeaderRegex, false);
    const types = new Map(
      config.fields.map(({ recordType, regex }) => [
        recordType.toLowerCase(),
        compile(`fields of ${recordType}`, regex, true),
      ]),
    );
    return inCharset(config.readCharset, {
      timeless: "arrival",
      parseRecord: (record) => {
        const text = decodeText(record, 0, record.length).trim();
        if (text === "") return EMPTY;
        const message = emptyMessage();
        const found = type.exec(text);
        if (found !== null) {
          takeGroups(type, found, message);
          takeFirst(types.get((found[0] as string).toLowerCase()) ?? [], text, message);
        }
        takeFirst(header, text, message);
        message.original_string = text;
        if (config.reading === "original") delete message.timestamp;
        return message;
      },
    });
  },
});

type Regex = { readonly exec: Exec; readonly fields: readonly (string | undefined)[] };

function compileRegex(place: string, source: string, whole: boolean, underscore: boolean): Regex {
  try {
    const translated = translateRegex(source);
    for (const name of translated.names) {
      if (name !== undefined && !NAME.test(name))
        throw new SyntaxError(`the group ${name} needs a name of letters and digits`);
    }
    return {
      exec: boundedExec(translated, source, whole),
      fields: translated.names.map((name) => (name === undefined || !underscore ? name : underscored(name))),
    };
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof PatternError) {
      throw new Fault("CONFIG_INVALID", `${place}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function takeFirst(list: readonly Regex[], text: string, message: Message): void {
  for (const entry of list) {
    const found = entry.exec(text);
    if (found === null) continue;
    takeGroups(entry, found, message);
    return;
  }
}

function takeGroups({ fields }: Regex, found: readonly (string | undefined)[], message: Message): void {
  for (const [index, field] of fields.entries()) {
    const text = found[index]?.trim();
    if (field !== undefined && text !== undefined && text !== "") message[field] = text;
  }
}

/** `ipSrcAddr` as `ip_src_addr`. */
function underscored(name: string): string {
  return name.replace(/[A-Z]/g, (capital, at: number) => (at === 0 ? "" : "_") + capital.toLowerCase());
}
