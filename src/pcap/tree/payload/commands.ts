import { type Cursor, group, left, text } from "../cursor.ts";
import type { Step } from "../step.ts";
import { readText } from "../text.ts";
import { lineEnd } from "./lines.ts";

/** Mail as it is handed over (RFC 5321). */
export const smtp = ofLines("smtp", "Simple Mail Transfer Protocol", {
  command: "smtp.req.command",
  argument: "smtp.req.parameter",
  code: "smtp.response.code",
  answer: "smtp.rsp.parameter",
});

/** Commands of the transfer of files (RFC 959). */
export const ftp = ofLines("ftp", "File Transfer Protocol", {
  command: "ftp.request.command",
  argument: "ftp.request.arg",
  code: "ftp.response.code",
  answer: "ftp.response.arg",
});

type Names = {
  readonly command: string;
  readonly argument: string;
  readonly code: string;
  readonly answer: string;
};

const ANSWER = /^\d{3}(?:[ -]|$)/;
const COMMAND = /^[A-Za-z]{3,10}(?: |$)/;

function ofLines(name: string, label: string, names: Names): Step {
  return {
    name,
    label,
    read(cursor) {
      while (left(cursor) > 0) line(cursor, name, names);
      return undefined;
    },
  };
}

/** A command, an answer, or a line of what is sent between them, such as a mail. */
function line(cursor: Cursor, protocol: string, names: Names): void {
  const { at, bytes } = cursor;
  const { end, next } = lineEnd(cursor, at);
  const start = readText(bytes, at, Math.min(end, at + 12));
  const isAnswer = ANSWER.test(start);
  if (!isAnswer && !COMMAND.test(start)) {
    text(cursor, next - at, `${protocol}.line`, "Line");
    return;
  }
  group(
    cursor,
    [isAnswer ? `${protocol}.response` : `${protocol}.request`, isAnswer ? "Answer" : "Command"],
    next,
    (inner, field) => {
      field.shown = readText(bytes, at, end);
      const space = isAnswer ? 3 : bytes.subarray(at, end).indexOf(0x20);
      const word = space < 0 ? end - at : space;
      text(inner, word, isAnswer ? names.code : names.command, isAnswer ? "Code" : "Command");
      if (isAnswer) inner.fields.at(-1)!.value = Number(inner.fields.at(-1)!.value);
      if (end - inner.at <= 1) return;
      inner.at++;
      text(inner, end - inner.at, isAnswer ? names.answer : names.argument, isAnswer ? "Text" : "Argument");
    },
  );
}
