import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { Readiness } from "../../src/api/health.ts";
import { keepWorkerNote, workerFile } from "../../src/cli/worker-note.ts";
import { readGlobal } from "../../src/config/global.ts";
import { silentLog } from "../../src/core/context.ts";
import { ROOT, VERSION } from "../../src/platform/version.ts";
import { DEPLOY, hasTool, run } from "./tools.ts";

/** Each file of deploy/ is checked by the tool of whom it is for. */

const read = (...path: string[]) => readFileSync(join(DEPLOY, ...path), "utf8");
const [hasPromtool, hasSystemd] = [hasTool("promtool"), hasTool("systemd-analyze")];
const [hasCompose, hasHelm] = [hasTool("docker-compose"), hasTool("helm", true)];

test.skipIf(!hasPromtool)(
  "promtool accepts rules and configuration, and each rule has a test that fires it",
  async () => {
    const checked = await run("promtool", ["check", "config", "prometheus/prometheus.yaml"]);
    expect(checked).toMatchObject({ code: 0 });
    const tested = await run("promtool", ["test", "rules", "prometheus/metron.rules.test.yaml"]);
    expect(tested.output).not.toContain("FAILED");
    expect(tested.code).toBe(0);

    const { groups } = parse(read("prometheus", "metron.rules.yaml"));
    const rules = groups.flatMap((group: { rules: { alert: string }[] }) =>
      group.rules.map(({ alert }) => alert),
    );
    const { tests } = parse(read("prometheus", "metron.rules.test.yaml"));
    const fired = tests.flatMap((each: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }) =>
      each.alert_rule_test.flatMap(({ alertname, exp_alerts }) => (exp_alerts.length > 0 ? [alertname] : [])),
    );
    expect(rules.filter((name: string) => !fired.includes(name))).toEqual([]);
  },
);

const EXPOSURE = {
  "metron.service": 1.6,
  "metron-server.service": 1.6,
  "metron-worker.service": 1.6,
  "metron-capture@eth0.service": 1.9,
  "metron-capture-host@eth0.service": 1.9,
};

test.skipIf(!hasSystemd).each(Object.entries(EXPOSURE))(
  "systemd accepts %s, and finds it exposed by %d at most",
  async (unit, exposure) => {
    const folder = mkdtempSync(join(tmpdir(), "metron-units-"));
    try {
      for (const name of readdirSync(join(DEPLOY, "systemd"))) {
        if (!name.endsWith(".service")) continue;
        // systemd looks whether the program is there.
        const text = read("systemd", name).replaceAll("/opt/metron/", `${ROOT}/`);
        writeFileSync(join(folder, name.replace("@.", "@eth0.")), text);
        writeFileSync(join(folder, name), text);
      }
      const path = join(folder, unit);
      const verified = await run("systemd-analyze", ["verify", path]);
      expect(verified.output.split("\n").filter((line) => line.includes(folder))).toEqual([]);
      expect(verified.code).toBe(0);
      // The threshold is in tenths.
      const asked = ["security", "--offline=true", `--threshold=${Math.round(exposure * 10)}`, path];
      const judged = await run("systemd-analyze", asked);
      expect(judged.code, judged.output).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(!hasCompose).each(["metron.yaml", "cluster.yaml"])("docker-compose accepts %s", async (name) => {
  expect(await run("docker-compose", ["-f", `compose/${name}`, "config", "--quiet"])).toMatchObject({
    code: 0,
  });
});

test("only capture may open raw sockets", () => {
  const allowed = (name: string) => /^CapabilityBoundingSet=(.*)$/m.exec(read("systemd", name))?.[1];
  for (const name of ["metron.service", "metron-server.service", "metron-worker.service"])
    expect(allowed(name)).toBe("");
  for (const name of ["metron-capture@.service", "metron-capture-host@.service"]) {
    expect(allowed(name)).toBe("CAP_NET_RAW");
    expect(read("systemd", name)).toContain("\nAmbientCapabilities=CAP_NET_RAW\n");
  }
  const { services } = parse(read("compose", "cluster.yaml"), { merge: true });
  const added = Object.entries(services as Record<string, { cap_add?: string[]; cap_drop?: string[] }>);
  expect(added.filter(([, { cap_add }]) => cap_add !== undefined)).toMatchObject([
    ["capture-host", { cap_add: ["NET_RAW"], cap_drop: ["ALL"], network_mode: "host" }],
  ]);
});

test("images are pinned, to the versions that the tests run with", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const node = lock.packages["node_modules/node"].version;
  const bases = [...read("Dockerfile").matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(bases).toEqual([`node:${node}-bookworm-slim`, `node:${node}-bookworm-slim`]);
  const pom = readFileSync(join(ROOT, "scripts", "cluster", "kafka", "pom.xml"), "utf8");
  const kafka = /kafka_2\.13<\/artifactId><version>([\d.]+)</.exec(pom)?.[1];
  const launcher = readFileSync(join(ROOT, "scripts", "cluster", "opensearch.ts"), "utf8");
  const opensearch = /"(2\.\d+\.\d+)"/.exec(launcher)?.[1];
  const { services } = parse(read("compose", "cluster.yaml"), { merge: true });
  const images = Object.values(services as Record<string, { image: string }>).map(({ image }) => image);
  expect(images).toEqual([
    `metron:${VERSION}`,
    `metron:${VERSION}`,
    `metron:${VERSION}`,
    `apache/kafka:${kafka}`,
    `opensearchproject/opensearch:${opensearch}`,
  ]);
  expect(parse(read("compose", "metron.yaml")).services.metron.image).toBe(`metron:${VERSION}`);
  expect(parse(read("helm", "metron", "Chart.yaml")).appVersion).toBe(VERSION);
});

test("what the image copies is there, and its context has it", () => {
  const context = read("Dockerfile.dockerignore");
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
    names.split(" "),
  );
  expect(copied.length).toBeGreaterThan(4);
  for (const name of copied.filter((found) => found !== ".")) {
    expect(existsSync(join(ROOT, name)), name).toBe(true);
    expect(context, name).toContain(`!${name}\n`);
  }
});

test("the global document of the cluster is one that Metron reads", () => {
  const { storage } = readGlobal(read("compose", "cluster.metron.yaml"), "cluster.metron.yaml");
  expect(storage).toMatchObject({
    topics: "kafka",
    tables: "kafka",
    index: "opensearch",
    kafka: { copies: 1 },
  });
});

/** A cluster that helm is told of, as none is asked. */
const CLUSTER = ["--kube-version", "1.30.0"];
let chart: string;
beforeAll(() => {
  chart = mkdtempSync(join(tmpdir(), "metron-chart-"));
  cpSync(join(DEPLOY, "helm", "metron"), chart, { recursive: true });
});
afterAll(() => rmSync(chart, { recursive: true }));

/** What the chart makes of values, by kind and name. */
async function rendered(values: unknown) {
  const file = join(chart, "given.json");
  writeFileSync(file, JSON.stringify(values));
  const { code, output } = await run("helm", ["template", "blue", chart, ...CLUSTER, "--values", file]);
  if (code !== 0) throw new Error(output);
  const documents = parseAllDocuments(output).map((document) => document.toJS());
  return new Map(documents.map((made) => [`${made.kind}/${made.metadata.name}`, made]));
}

test.skipIf(!hasHelm)("helm makes a pod that nobody reaches unless values say so", async () => {
  expect(await run("helm", ["lint", "--strict", ...CLUSTER, chart])).toMatchObject({ code: 0 });
  const made = await rendered({});
  expect([...made.keys()].sort()).toEqual([
    "NetworkPolicy/blue-metron",
    "Service/blue-metron",
    "StatefulSet/blue-metron",
  ]);
  const pod = made.get("StatefulSet/blue-metron").spec.template.spec;
  expect(pod.containers[0]).toMatchObject({
    image: `metron:${VERSION}`,
    args: ["up", "--port=8765"],
    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
  });
  expect(made.get("NetworkPolicy/blue-metron").spec).not.toHaveProperty("ingress");
});

test.skipIf(!hasHelm)(
  "helm takes documents, secrets, senders and readers from values, and refuses others",
  async () => {
    const global = parse(read("compose", "cluster.metron.yaml"));
    const readers = [{ namespaceSelector: { matchLabels: { team: "soc" } } }];
    const made = await rendered({
      ...{ reachable: true, networkPolicy: { from: readers }, secretName: "passwords", workers: 3 },
      sources: [{ name: "syslog", port: 5514, protocol: "UDP" }],
      globalDocument: global,
    });
    const [metron] = made.get("StatefulSet/blue-metron").spec.template.spec.containers;
    expect(metron.args).toEqual([
      ...["up", "--port=8765", "--host=0.0.0.0", "--allow-anyone-on-the-network"],
      ...["--secrets-from=/run/secrets/metron", "--workers=3"],
    ]);
    expect(readGlobal(made.get("ConfigMap/blue-metron").data["metron.yaml"], "metron.yaml")).toEqual(
      readGlobal(read("compose", "cluster.metron.yaml"), "metron.yaml"),
    );
    expect(made.get("Service/blue-metron-sources").spec.ports).toMatchObject([
      { port: 5514, protocol: "UDP" },
    ]);
    expect(made.get("NetworkPolicy/blue-metron").spec.ingress).toEqual([
      { ports: [{ port: 5514, protocol: "UDP" }] },
      { from: readers, ports: [{ port: 8765, protocol: "TCP" }] },
    ]);
    await expect(rendered({ replicas: 2 })).rejects.toThrow("replicas");
  },
);

test.skipIf(!hasHelm)(
  "helm makes a server and workers, whom nobody can connect to, when values say so",
  async () => {
    const made = await rendered({ workerPods: { replicas: 3 }, workers: 2 });
    expect([...made.keys()].sort()).toEqual([
      "NetworkPolicy/blue-metron",
      "NetworkPolicy/blue-metron-worker",
      "Service/blue-metron",
      "StatefulSet/blue-metron",
      "StatefulSet/blue-metron-worker",
    ]);
    const server = made.get("StatefulSet/blue-metron").spec;
    expect(server.template.spec.containers[0].args).toEqual(["server", "--port=8765"]);
    const { replicas, template } = made.get("StatefulSet/blue-metron-worker").spec;
    const [container] = template.spec.containers;
    expect([replicas, container.args, container.ports]).toEqual([3, ["worker", "--workers=2"], undefined]);
    expect(container.readinessProbe.exec.command).toEqual(["node", "deploy/health.mjs", "ready", "worker"]);
    // The page's service must not send anybody to a worker.
    const wanted = made.get("Service/blue-metron").spec.selector;
    expect(template.metadata.labels).not.toMatchObject(wanted);
  },
);

test.skipIf(!hasHelm)(
  "helm makes a capture host on each node, and no pod else may open raw sockets",
  async () => {
    const made = await rendered({
      workerPods: { replicas: 1 },
      secretName: "passwords",
      captureHosts: { interfaces: ["eth1", "eth2"], filter: "not port 9092", nodeSelector: { tap: "yes" } },
    });
    const { template } = made.get("DaemonSet/blue-metron-capture-host").spec;
    const { containers, initContainers, volumes, ...pod } = template.spec;
    expect(pod).toMatchObject({
      ...{ hostNetwork: true, nodeSelector: { tap: "yes" }, automountServiceAccountToken: false },
      securityContext: { runAsNonRoot: true, runAsUser: 1000 },
    });
    expect(containers[0]).toMatchObject({
      args: [
        ...["capture-host", "--interface=eth1", "--interface=eth2", "--filter=not port 9092"],
        "--secrets-from=/run/secrets/metron",
      ],
      securityContext: { capabilities: { drop: ["ALL"], add: ["NET_RAW"] }, readOnlyRootFilesystem: true },
      readinessProbe: { exec: { command: ["node", "deploy/health.mjs", "ready", "worker"] } },
    });
    expect(initContainers[0].securityContext.capabilities).toEqual({ drop: ["ALL"], add: ["CHOWN"] });
    expect(volumes).toContainEqual({
      name: "data",
      hostPath: { path: "/var/lib/metron-capture-host", type: "DirectoryOrCreate" },
    });
    expect(template.metadata.labels).not.toMatchObject(made.get("Service/blue-metron").spec.selector);
    for (const name of ["blue-metron", "blue-metron-worker"]) {
      const { spec } = made.get(`StatefulSet/${name}`).spec.template;
      expect(spec.containers[0].securityContext.capabilities).toEqual({ drop: ["ALL"] });
    }
    await expect(rendered({ captureHosts: { interfaces: ["eth0; reboot"] } })).rejects.toThrow("interfaces");
  },
);

test("health.mjs tells of a worker by what it wrote into its data folder", async () => {
  const data = mkdtempSync(join(tmpdir(), "metron-health-"));
  const script = join(DEPLOY, "health.mjs");
  const ask = (question: string) =>
    run("env", [`METRON_DATA=${data}`, process.execPath, script, question, "worker"]);
  try {
    expect((await ask("live")).code).toBe(1);
    let readiness: Readiness = { ready: true, reasons: [] };
    using note = keepWorkerNote(workerFile(data), "worker", () => readiness, silentLog);
    expect([(await ask("live")).code, (await ask("ready")).code]).toEqual([0, 0]);
    const reasons = [{ code: "STARTING", detail: "it starts", advice: "wait" }];
    readiness = { ready: false, reasons };
    note.now();
    expect((await ask("live")).code).toBe(0);
    expect(await ask("ready")).toMatchObject({ code: 1, output: expect.stringContaining("it starts") });
    note[Symbol.dispose]();
    const old = { role: "capture host", ready: true, reasons: [], at: Date.now() - 31_000 };
    writeFileSync(workerFile(data), JSON.stringify(old));
    expect(await ask("live")).toMatchObject({
      code: 1,
      output: expect.stringContaining("the capture host has said nothing since"),
    });
  } finally {
    rmSync(data, { recursive: true });
  }
});
