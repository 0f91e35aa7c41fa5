import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlatformStatus } from "../../api/status.ts";
import { heavyOnnx, tinyOnnx } from "../../models/testing/tiny-onnx.ts";
import { openTestFolder } from "../testing/run-cli.ts";

const SENSOR = `sensor: web
partitions: 1
parser: { jsonMap: {} }
models:
  - name: linear
    features: { a: a, b: 100 / b }
    onnx: { file: models/linear.onnx }
  - name: slow
    version: "2"
    shadow: true
    features: { a: a, b: a }
    onnx: { file: models/slow.onnx, milliseconds: 1 }
  - name: idle
    features: { a: a }
    halfSpaceTrees: { window: 65535 }
`;

test("status, command line and metrics say what models did, why messages have no score, and what failed last", async () => {
  using folder = openTestFolder();
  mkdirSync(join(folder.data, "models"), { recursive: true });
  writeFileSync(join(folder.data, "models", "linear.onnx"), tinyOnnx());
  writeFileSync(join(folder.data, "models", "slow.onnx"), heavyOnnx());
  await using running = await folder.up({ "metron.yaml": "workers: 1\n", "sensors/web.yaml": SENSOR });
  const status = async () => (await (await fetch(`${running.url}/api/v1/status`)).json()) as PlatformStatus;
  expect((await status()).models).toMatchObject([
    { name: "linear", state: "in force", scored: 0, lastAt: null },
    { name: "slow", state: "shadow", scored: 0 },
    { name: "idle" },
  ]);

  const records = Array.from({ length: 1000 }, () => '{"a":1,"b":5}');
  records.push('{"a":1}', '{"a":1,"b":0}', '{"b":5}');
  const before = Date.now();
  await folder.metron(["ingest", "--sensor", "web"], `${records.join("\n")}\n`);
  const one = { sensor: "web", version: "1", late: 0 };
  await expect
    .poll(async () => (await status()).models, { timeout: 60_000, interval: 200 })
    .toMatchObject([
      {
        ...{ ...one, name: "linear", state: "in force", scored: 1000, absent: 3 },
        reasons: { "b is missing": 1, "b could not be computed": 1, "a is missing": 1 },
        lastError: { message: expect.stringMatching(/^b: .*division by zero/), at: expect.any(Number) },
      },
      {
        ...{ ...one, name: "slow", version: "2", state: "shadow", scored: 0, absent: 1003, late: 1002 },
        reasons: { "the model took more than 1 ms": 1002, "a is missing": 1 },
        lastError: { message: "the model took more than 1 ms" },
      },
      { name: "idle", scored: 0, reasons: { "the model is learning from its first window": 1002 } },
    ]);
  const [linear, slow] = (await status()).models ?? [];
  expect(linear?.lastAt).toBeGreaterThanOrEqual(before);
  const { out } = await folder.metron(["status"]);
  expect(out).toMatch(/\nMODEL +STATE +SCORED +NO SCORE +LATE +LAST ASKED\n/);
  expect(out).toMatch(/\nweb\/linear@1 +in force +1,000 +3 +0 +20\d\d-\S+\n/);
  expect(out).toMatch(/\nweb\/slow@2 +shadow +0 +1,003 +1,002 +20\d\d-\S+\n/);
  expect(out).toContain(
    "\nmodel web/slow@2 without score: 1002 the model took more than 1 ms, 1 a is missing\n",
  );
  expect(out).toMatch(/\nmodel web\/linear@1 failed last at 20\d\d-\S+: b: .*division by zero/);

  const metrics = (await (await fetch(`${running.url}/metrics`)).text()).split("\n");
  const shadow = 'sensor="web",model="slow",version="2",state="shadow"';
  expect(metrics).toEqual(
    expect.arrayContaining([
      'metron_model_scored_total{sensor="web",model="linear",version="1",state="in force"} 1000',
      `metron_model_absent_total{${shadow},reason="the model took more than 1 ms"} 1002`,
      `metron_model_late_total{${shadow}} 1002`,
      `metron_model_last_error_timestamp_seconds{${shadow}} ${(slow?.lastError?.at ?? 0) / 1000}`,
    ]),
  );
}, 120_000);
