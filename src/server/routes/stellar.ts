import type { FastifyInstance } from "fastify";
import type { Diagnostic as ApiDiagnostic } from "../../api/problem.ts";
import { checkStellar, evaluateStellar, listFunctions } from "../../api/stellar.ts";
import { readGlobal } from "../../config/global.ts";
import type { FieldValue } from "../../core/message.ts";
import { asksForAddresses } from "../../pipeline/address-databases.ts";
import type { Platform } from "../../pipeline/platform.ts";
import { check } from "../../stellar/check.ts";
import { compile } from "../../stellar/compile.ts";
import { functionLines } from "../../stellar/completion.ts";
import { layered } from "../../stellar/environment.ts";
import { StellarError } from "../../stellar/error.ts";
import { type Diagnostic, diagnosticOf, placeOf } from "../../stellar/report.ts";
import { toMessage, typeName } from "../../stellar/value.ts";
import { implement } from "../implement.ts";

export function stellarRoutes(app: FastifyInstance, platform: Platform): void {
  const global = () => readGlobal(platform.config.get("global", "global")?.text ?? "", "global");
  const environment = () => platform.services.environment(global());
  const evaluation = () => platform.services.evaluation(global());

  implement(app, checkStellar, ({ body }) => ({
    diagnostics: check(
      body.expression,
      environment(),
      body.expects === "boolean" ? { gives: "boolean" } : {},
    ).map((found) => toApi(body.expression, found)),
  }));

  implement(app, listFunctions, () => ({ functions: functionLines(environment().registry) }));

  implement(app, evaluateStellar, async ({ body }) => {
    const { expression, message } = body;
    // Without the databases GEO_GET answers null; that they are missing is told by the status.
    if (asksForAddresses(expression)) await platform.loadAddresses().catch(() => undefined);
    const diagnostics = check(expression, evaluation());
    try {
      const value = compile(expression, evaluation()).evaluate(layered(message));
      return {
        value: toMessage(value) as FieldValue,
        type: typeName(value),
        diagnostics: diagnostics.map((found) => toApi(expression, found)),
      };
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
      return { value: undefined, diagnostics: [toApi(expression, diagnosticOf(expression, error))] };
    }
  });
}

function toApi(text: string, { severity, message, span, suggestion }: Diagnostic): ApiDiagnostic {
  const length = Math.max(0, span.end - span.start);
  return {
    severity,
    message,
    ...placeOf(text, span.start),
    length,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
