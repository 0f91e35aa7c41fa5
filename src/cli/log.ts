import { pino } from "pino";
import pretty from "pino-pretty";
import type { Log } from "../core/context.ts";

/** Logs to standard error: lines for people on a terminal, JSON in a pipe. Quiet about state changes unless verbose. */
export function consoleLog(verbose: boolean): Log {
  const level = verbose ? "info" : "warn";
  const stream = process.stderr.isTTY
    ? pretty({ destination: 2, ignore: "pid,hostname", colorize: true })
    : pino.destination(2);
  const logger = pino({ level, base: null }, stream);
  return {
    debug: (sentence, fields = {}) => logger.debug(fields, sentence),
    info: (sentence, fields = {}) => logger.info(fields, sentence),
    warn: (sentence, fields = {}) => logger.warn(fields, sentence),
    error: (sentence, fields = {}) => logger.error(fields, sentence),
  };
}
