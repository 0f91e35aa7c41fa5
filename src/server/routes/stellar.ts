import type { FastifyInstance, FastifyReply } from "fastify";
import { checkStellar, evaluateStellar, listFunctions } from "../../api/stellar.ts";
import { readGlobal } from "../../config/global.ts";
import { asksForAddresses } from "../../platform/address-databases.ts";
import type { Platform } from "../../platform/platform.ts";
import { functionLines } from "../../stellar/editor/completion.ts";
import { implement } from "../implement.ts";

export function stellarRoutes(app: FastifyInstance, platform: Platform): void {
  implement(app, checkStellar, async ({ body, signal, reply }) => {
    const { expression, expects } = body;
    answer(reply, await platform.evaluator.ask({ expression, predicate: expects === "boolean" }, signal));
    return undefined;
  });

  implement(app, listFunctions, () => {
    const global = readGlobal(platform.config.get("global", "global")?.text ?? "", "global");
    return { functions: functionLines(platform.services.environment(global).registry) };
  });

  implement(app, evaluateStellar, async ({ body, signal, reply }) => {
    const { expression, message } = body;
    // Without the databases GEO_GET answers null; that they are missing is told by the status.
    if (asksForAddresses(expression)) await platform.loadAddresses().catch(() => undefined);
    answer(reply, await platform.evaluator.ask({ expression, message }, signal));
    return undefined;
  });
}

/** The thread of expressions writes its answers as JSON: they hold numbers that JavaScript would round. */
function answer(reply: FastifyReply, json: string): void {
  reply
    .type("application/json; charset=utf-8")
    .serializer(() => json)
    .send({});
}
