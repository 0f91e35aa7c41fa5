import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readGlobal } from "../config/global.ts";
import { readSensor } from "../config/sensor.ts";
import { makeContext } from "../core/context.ts";
import { openStages } from "../pipeline/stages.ts";
import { checkExpressions } from "../platform/check-expressions.ts";
import { openShellPlatform, type ShellPlatform } from "../platform/services/shell.ts";
import { openTestServices } from "../platform/testing/stages.ts";
import type { Answer } from "../stellar/shell/answer.ts";
import { renderValue } from "../stellar/shell/render.ts";
import { Session } from "../stellar/shell/session.ts";
import { openTestFolder } from "./testing/run-cli.ts";

/** Every example of the guide, as it is there. */
const GUIDE = readFileSync(new URL("../../docs/guide/stellar.md", import.meta.url), "utf8");
const blocks = Array.from(GUIDE.matchAll(/^```([\w-]+)\n(.*?)^```$/gms), ([, kind = "", text = ""]) => ({
  kind,
  text,
}));
const textsOf = (kind: string) => blocks.filter((block) => block.kind === kind).map(({ text }) => text);

const MESSAGE = { bytes: 1500, host: "www.example.com", ip_src_addr: "10.0.0.5", ports: [80, 443] };

const folder = mkdtempSync(join(tmpdir(), "metron-guide-"));
let platform: ShellPlatform;

beforeAll(async () => {
  const functions = [
    ...textsOf("stellar-functions").map((text, index) => ({ name: `guide-${index}.stellar`, text })),
    ...textsOf("ts").map((text, index) => ({ name: `guide-${index}.ts`, text })),
  ].map(({ name, text }) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  expect(functions).toHaveLength(2);
  const context = makeContext();
  const globals = () => sessionOf().globals;
  platform = await openShellPlatform({ data: folder, url: undefined, functions, context, globals });
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function sessionOf(): Session {
  return new Session({ registry: platform.registry, services: platform.services, variables: MESSAGE });
}

test.each(textsOf("stellar").map((text) => [text.split("\n")[0], text]))("shell: %s", (_first, text) => {
  const session = sessionOf();
  for (const part of text.split(/^>>> /m).slice(1)) {
    const [statement = "", ...lines] = part.split("\n");
    expect(shown(session.run(statement)), statement).toBe(lines.join("\n").trimEnd());
  }
});

function shown(answer: Answer): string {
  if (answer.kind === "value") return renderValue(answer.value);
  if (answer.kind === "text") return answer.text;
  return answer.kind === "error" ? answer.message : "";
}

test.each(textsOf("yaml").map((text) => [text.split("\n")[0], text]))(
  "document: %s",
  async (_first, text) => {
    if (!text.startsWith("sensor:")) {
      expect(readGlobal(text, "metron.yaml")).toBeDefined();
      return;
    }
    await using services = await openTestServices();
    const global = readGlobal("", "global");
    const placed = readSensor(text, "web");
    expect(checkExpressions(placed, services.environment(global), services.components)).toEqual({
      errors: [],
      warnings: [],
    });
    openStages(placed, global, services, makeContext());
  },
);

const COMMANDS = textsOf("sh")
  .flatMap((text) => text.split("\n"))
  .filter((line) => line !== "");

test("commands", async () => {
  using home = openTestFolder();
  const answers: string[] = [];
  for (const line of COMMANDS) {
    const [, args = ""] = /^metron ([^<]*)/.exec(line) ?? [];
    const words = Array.from(args.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
    const { status, out, err } = await home.metron(
      words,
      '{"bytes":2000,"host":"a.example.com"}\n{"bytes":1}\n',
    );
    expect({ status, err }, line).toEqual({ status: 0, err: "" });
    answers.push(out);
  }
  expect(answers).toEqual(["METRON\n", '{"bytes":2000,"host":"a.example.com"}\n', '"example.com"\nnull\n']);
}, 60_000);
