import { pino } from "pino";
import type { Log } from "../core/context.ts";

/** Logs to standard error: lines for people on a terminal, JSON in a pipe. Quiet about state changes unless verbose. */
export async function consoleLog(verbose: boolean): Promise<Log> {
  const level = verbose ? "info" : "warn";
  const stream = process.stderr.isTTY ? await prettyStream() : pino.destination(2);
  const logger = pino({ level, base: null }, stream);
  return {
    debug: (sentence, fields = {}) => logger.debug(fields, sentence),
    info: (sentence, fields = {}) => logger.info(fields, sentence),
    warn: (sentence, fields = {}) => logger.warn(fields, sentence),
    error: (sentence, fields = {}) => logger.error(fields, sentence),
  };
}

/** Lines with colours. The library is loaded for a terminal alone. */
async function prettyStream() {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ destination: 2, ignore: "pid,hostname", colorize: true });
}
