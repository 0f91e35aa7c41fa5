import { describe, expect, test } from "vitest";
import { compile } from "../run/compile.ts";
import { layered, makeEnvironment } from "../run/environment.ts";
import type { Services } from "../run/services.ts";
import { parseJson } from "../values/json-reader.ts";
import { fromMessage, StellarMap, toMessage, type Value } from "../values/value.ts";
import type { TopicRecord } from "./kafka.ts";
import type { HttpAccess, HttpRequest, HttpResponse } from "./rest.ts";

/** Evaluates in an environment with services, as a shell or the server would assemble it. */
function run(
  expression: string,
  services: Partial<Services> = {},
  variables: Record<string, unknown> = {},
): unknown {
  const environment = makeEnvironment({ services });
  return toMessage(compile(expression, environment).evaluate(layered(variables)));
}

describe("what has no service yet says so", () => {
  test.each([
    ["PROFILE_GET('p', 'e', [])", "PROFILE_GET needs profiles"],
    ["MAAS_GET_ENDPOINT('dga')", "MAAS_GET_ENDPOINT needs models"],
    ["KAFKA_GET('t')", "KAFKA_GET needs kafka"],
    ["REST_GET('http://x')", "REST_GET needs http"],
    ["CONFIG_GET('GLOBAL')", "CONFIG_GET needs configuration"],
    ["PARSER_INIT('bro')", "PARSER_INIT needs parsers"],
    ["GROK_EVAL('a', 'b')", "GROK_EVAL needs grok"],
    ["LOCAL_READ('a')", "LOCAL_READ needs localFiles"],
    ["HDFS_READ('a')", "HDFS_READ needs platformFiles"],
    ["SHELL_LIST_VARS()", "SHELL_LIST_VARS needs shell"],
    ["SYSTEM_ENV_GET('a')", "SYSTEM_ENV_GET needs system"],
    ["THREAT_TRIAGE_SCORE('{}', THREAT_TRIAGE_INIT())", "THREAT_TRIAGE_SCORE needs triage"],
    ["BYTEARRAY_MATCHER('a', 'b')", "BYTEARRAY_MATCHER needs packets"],
  ])("%s", (expression, message) => {
    expect(() => run(expression)).toThrow(message);
  });
});

describe("system and shell", () => {
  const shell: Services["shell"] = {
    variables: () =>
      new Map([
        ["a", { value: 3, expression: "1 + 2" }],
        ["b", { value: "given", expression: undefined }],
      ]),
    edit: (text) => ` ${text}, edited\n`,
  };

  test("read the environment", () => {
    const system = {
      environment: (name: string) => (name === "HOME" ? "/home/me" : undefined),
      property: () => undefined,
    };
    expect(run("SYSTEM_ENV_GET('HOME')", { system })).toBe("/home/me");
    expect(run("SYSTEM_ENV_GET('NONE')", { system })).toBeNull();
    expect(run("SYSTEM_ENV_GET(5)", { system })).toBeNull();
    expect(run("SYSTEM_PROPERTY_GET()", { system })).toBeNull();
  });

  test("show the shell's variables", () => {
    expect(run("SHELL_VARS2MAP('a', 'b', 'c')", { shell })).toEqual({ a: "1 + 2" });
    expect(run("SHELL_GET_EXPRESSION('a')", { shell })).toBe("1 + 2");
    expect(run("SHELL_GET_EXPRESSION('b')", { shell })).toBeNull();
    expect(run("SHELL_EDIT('text')", { shell })).toBe("text, edited");
    expect(run("SHELL_LIST_VARS(3)", { shell })).toBe(
      [
        "╔══════════╤═══════╤════════════╗",
        "║ VARIABLE │ VALUE │ EXPRESSION ║",
        "╠══════════╪═══════╪════════════╣",
        "║ a        │ 3     │ 1 +        ║",
        "║          │       │ 2          ║",
        "╟──────────┼───────┼────────────╢",
        "║ b        │ given │            ║",
        "╚══════════╧═══════╧════════════╝",
        "",
      ].join("\n"),
    );
    expect(run("SHELL_MAP2TABLE(null)")).toBe(
      [
        "╔═════╤═══════╗",
        "║ KEY │ VALUE ║",
        "╠═════╧═══════╣",
        "║ (empty)     ║",
        "╚═════════════╝",
        "",
      ].join("\n"),
    );
  });
});

describe("files", () => {
  const kept = new Map([["a.txt", "one\ntwo\n"]]);
  const localFiles: Services["localFiles"] = {
    read: (path) => kept.get(path),
    write: (path, content) => kept.set(path, content) === kept,
    remove: (path) => kept.delete(path) || true,
    list: () =>
      [...kept].map(([name, text], index) => ({
        name,
        permission: "-rw-r--r--",
        owner: "me",
        group: "us",
        size: text.length,
        modified: 1_000_000 - index * 1000,
      })),
  };

  test("are read, written, listed and removed", () => {
    const services = { localFiles };
    expect(run("LOCAL_READ('a.txt')", services)).toBe("one\ntwo\n");
    expect(run("LOCAL_READ_LINES('a.txt')", services)).toEqual(["one", "two"]);
    expect(run("LOCAL_READ('none')", services)).toBeNull();
    expect(run("LOCAL_READ(null)", services)).toBeNull();
    expect(run("LOCAL_WRITE('three', 'b.txt')", services)).toBe(true);
    expect(run("LOCAL_WRITE('three', null)", services)).toBe(false);
    const lines = String(run("LOCAL_LS()", services)).split("\n");
    expect(lines[3]).toContain("│ b.txt ║");
    expect(lines[5]).toContain("│ 1970-01-01 00:16:40 │ a.txt ║");
    expect(run("LOCAL_RM('b.txt')", services)).toBe(true);
    expect(kept.has("b.txt")).toBe(false);
  });
});

describe("configurations", () => {
  const stored = new Map([["GLOBAL:", '{"es.ip":"node1"}']]);
  const configuration: Services["configuration"] = {
    read: (type, sensor) => stored.get(`${type}:${sensor ?? ""}`),
    write: (type, sensor, json) => void stored.set(`${type}:${sensor ?? ""}`, json),
  };
  const services = { configuration };

  test("are read, with an empty one for what is not there", () => {
    expect(run("CONFIG_GET('GLOBAL')", services)).toBe('{\n  "es.ip" : "node1"\n}');
    expect(parse(run("CONFIG_GET('PARSER', 'new')", services))).toMatchObject({ sensorTopic: "new" });
    expect(run("CONFIG_GET('PARSER', 'new', false)", services)).toBeNull();
    expect(run("CONFIG_GET('PROFILER', false)", services)).toBeNull();
    expect(() => run("CONFIG_GET('PARSER')", services)).toThrow("that of a sensor");
    expect(() => run("CONFIG_GET('parser', 'x')", services)).toThrow("the type is one of");
  });

  test("are published as they are", () => {
    expect(run("CONFIG_PUT('PARSER', INDEXING_SET_ENABLED('{}', 'x'), 'new')", services)).toBeNull();
    expect(parse(stored.get("PARSER:new"))).toEqual({ x: { enabled: true } });
    expect(run("CONFIG_PUT('GLOBAL', null)", services)).toBeNull();
    expect(() => run("CONFIG_PUT('GLOBAL', '{')", services)).toThrow("JSON");
  });
});

function parse(json: unknown): unknown {
  return toMessage(parseJson(String(json)));
}

describe("enrichment transformations", () => {
  const added =
    "ENRICHMENT_STELLAR_TRANSFORM_ADD(ENRICHMENT_STELLAR_TRANSFORM_ADD('{}', 'THREAT_INTEL', {'a' : '1'}), 'THREATINTEL', {'b' : '2'}, 'g')";

  test("are added, in a group or without, shown and removed", () => {
    expect(parse(run(added))).toEqual({
      threatIntel: { fieldMap: { stellar: { config: { a: "1", g: { b: "2" } } } } },
    });
    const table = String(run(`ENRICHMENT_STELLAR_TRANSFORM_PRINT(${added}, 'THREAT_INTEL')`));
    expect(table).toContain("║ (default) │ a     │ 1              ║");
    expect(table).toContain("║ g         │ b     │ 2              ║");
    const removed = `ENRICHMENT_STELLAR_TRANSFORM_REMOVE(${added}, 'THREAT_INTEL', ['b'], 'g')`;
    expect(parse(run(removed))).toEqual({ threatIntel: { fieldMap: { stellar: { config: { a: "1" } } } } });
    expect(() => run("ENRICHMENT_STELLAR_TRANSFORM_ADD('', 'ENRICHMENT', {})")).toThrow("must not be empty");
    expect(() => run("ENRICHMENT_STELLAR_TRANSFORM_ADD('{}', 'OTHER', {})")).toThrow("neither ENRICHMENT");
  });
});

describe("parser transformations", () => {
  test("keep their output in step", () => {
    const config = '{"fieldTransformations":[{"transformation":"REMOVE","input":["x"]}]}';
    const added =
      "PARSER_STELLAR_TRANSFORM_ADD(PARSER_STELLAR_TRANSFORM_ADD(c, {'a' : '1'}), {'b' : '2', 'a' : '3'})";
    expect(parse(run(added, {}, { c: config }))).toEqual({
      fieldTransformations: [
        { transformation: "REMOVE", input: ["x"] },
        { transformation: "STELLAR", output: ["a", "b"], config: { a: "3", b: "2" } },
      ],
    });
    expect(run(`PARSER_STELLAR_TRANSFORM_PRINT(${added})`, {}, { c: config })).toContain(
      "║ b     │ 2              ║",
    );
  });
});

describe("threat triage", () => {
  const triage: Services["triage"] = (document, message) => {
    const rules = run(
      "MAP_GET('riskLevelRules', MAP_GET('triageConfig', MAP_GET('threatIntel', d)))",
      {},
      { d: document },
    );
    return {
      score: 10,
      aggregator: "MAX",
      rules: (rules as { rule: string; score: unknown }[])
        .filter(({ rule }) => message.has(rule))
        .map(({ rule, score }) => ({
          name: undefined,
          comment: undefined,
          rule,
          score: String(score),
          reason: undefined,
        })),
    };
  };

  test("rules are added, shown, tried and removed", () => {
    const engine = "THREAT_TRIAGE_INIT('{}')";
    const rules = "[{'name' : 'n', 'rule' : 'a', 'score' : 10, 'other' : 1}, {'rule' : 'no score'}]";
    const added = `THREAT_TRIAGE_ADD(${engine}, ${rules})`;
    expect(parse(run(added))).toEqual({
      threatIntel: { triageConfig: { riskLevelRules: [{ name: "n", rule: "a", score: 10 }] } },
    });
    const table = String(run(`THREAT_TRIAGE_PRINT(THREAT_TRIAGE_SET_AGGREGATOR(${added}, 'SUM'))`));
    expect(table).toContain("║ n    │         │ a           │ 10    │        ║");
    expect(table).toMatch(/\nAggregation: SUM$/);
    expect(run(`THREAT_TRIAGE_SCORE('{"a" : 1}', THREAT_TRIAGE_INIT(${added}))`, { triage })).toEqual({
      score: 10,
      aggregator: "MAX",
      rules: [{ rule: "a", score: "10" }],
    });
    expect(parse(run(`THREAT_TRIAGE_REMOVE(${added}, ['n'])`))).toEqual({
      threatIntel: { triageConfig: { riskLevelRules: [] } },
    });
  });
});

describe("parsers", () => {
  const parsers: Services["parsers"] = {
    open: (sensor) => (line) =>
      line === "bad"
        ? { messages: [], errors: [new StellarMap([["message", "cannot parse bad"]])] }
        : {
            messages: [
              new StellarMap([
                ["sensor", sensor],
                ["line", line],
              ]),
            ],
            errors: [],
          },
  };

  test("parse texts and count them", () => {
    const services = { parsers };
    expect(run("PARSER_PARSE(PARSER_INIT('s', '{}'), ['bad', 'x'])", services)).toEqual([
      { sensor: "s", line: "x" },
      { message: "cannot parse bad" },
    ]);
    expect(run(`PARSER_CONFIG(PARSER_INIT('s', '{"a" : 1}'))`, services)).toBe('{\n  "a" : 1\n}');
    expect(run("TO_STRING(PARSER_INIT('s', {}))", services)).toBe("Parser{0 successful, 0 error(s)}");
    expect(() => run("PARSER_INIT('s')", services)).toThrow("no parser configuration of the sensor `s`");
  });

  test("grok patterns draw what they capture", () => {
    const grok: Services["grok"] = {
      compile: (pattern) =>
        pattern === "bad"
          ? undefined
          : (line) => (line.startsWith("a") ? { rest: line.slice(1) } : undefined),
      discover: () => "%{WORD}",
    };
    const services = { grok };
    const table = String(run("GROK_EVAL('x', ['a1', 'b'])", services));
    expect(table).toContain("║ 1       ║");
    expect(table).toContain("║ MISSING ║");
    expect(run("GROK_EVAL('x', 'b')", services)).toBe("NO MATCH");
    expect(run("GROK_EVAL('bad', 'b')", services)).toBeNull();
    expect(run("GROK_PREDICT('b')", services)).toBe("%{WORD}");
  });
});

describe("topics", () => {
  const record: TopicRecord = {
    topic: "t",
    partition: 0,
    offset: 5n,
    timestamp: 1000n,
    key: null,
    value: '{"a":1}',
  };
  const kafka: Services["kafka"] = {
    get: () => [record],
    tail: (_topic, _count, _properties, accepts) => [record, { ...record, value: "text" }].filter(accepts),
    seek: (_topic, _partition, offset) => (offset === 5n ? record : undefined),
    put: (topic, values) =>
      values.map((_, index) => ({ topic, partition: 0, offset: BigInt(index), timestamp: 1n })),
  };
  const services = { kafka };

  test("give texts, or maps with everything around them", () => {
    expect(run("KAFKA_GET('t')", services)).toEqual(['{"a":1}']);
    expect(run("KAFKA_GET('t', 1, {'stellar.kafka.message.view' : 'rich'})", services)).toEqual([
      { value: { a: 1 }, topic: "t", partition: 0, offset: 5n, timestamp: 1000n, key: null },
    ]);
    expect(run("KAFKA_TAIL('t', 2)", services)).toEqual(['{"a":1}', "text"]);
    expect(run("KAFKA_FIND('t', m -> MAP_GET('a', m) == 1)", services)).toEqual(['{"a":1}']);
    expect(run("KAFKA_SEEK('t', 0, 5)", services)).toBe('{"a":1}');
    expect(run("KAFKA_SEEK('t', 0, 6)", services)).toBeNull();
    expect(run("KAFKA_PUT('t', ['a', 'b'])", services)).toBe(2);
    expect(run("KAFKA_PUT('t', 'a', {'stellar.kafka.message.view' : 'rich'})", services)).toEqual([
      { topic: "t", partition: 0, offset: 0n, timestamp: 1n },
    ]);
  });

  test("take their settings from the defaults, the globals and the call", () => {
    const globals = () => new StellarMap([["group.id", "global"]]) as StellarMap;
    const properties = run("KAFKA_PROPS({'max.poll.records' : 5})", { globals });
    expect(properties).toMatchObject({
      "bootstrap.servers": "localhost:9092",
      "group.id": "global",
      "max.poll.records": 5,
    });
  });
});

describe("web services", () => {
  const sent: HttpRequest[] = [];
  const answering =
    (response: Partial<HttpResponse> | { failure: string }): HttpAccess =>
    (request) => {
      sent.push(request);
      return "failure" in response
        ? response
        : { status: 200, body: "", contentLength: undefined, ...response };
    };

  test("answer with a map", () => {
    const http = answering({ body: '{"a":[1,2]}' });
    expect(run("REST_GET('http://x/y?q=0&r=1', {'timeout' : 50}, {'q' : 'a b'})", { http })).toEqual({
      a: [1, 2],
    });
    expect(sent.at(-1)).toMatchObject({
      method: "GET",
      url: "http://x/y?q=a+b&r=1",
      headers: { Accept: "application/json" },
      timeout: 50,
      body: undefined,
    });
  });

  test("are given JSON", () => {
    const http = answering({ body: "{}" });
    run("REST_POST('http://x', {'a' : [1, 2.0, null, 'é\"']})", { http });
    expect(sent.at(-1)?.body).toBe('{"a":[1,2.0,null,"é\\""]}');
    run("REST_POST('http://x', null)", { http });
    expect(sent.at(-1)?.body).toBe("");
    run("REST_POST('http://x', 'no JSON', {'enforce.json' : false})", { http });
    expect(sent.at(-1)?.body).toBe("no JSON");
    expect(() => run("REST_POST('http://x', 'no JSON')", { http })).toThrow("JSON");
  });

  test("that fail leave the value the settings name", () => {
    const globals = () =>
      fromMessage({
        "stellar.rest.settings": { "error.value.override": "global", "empty.content.override": "empty" },
        "stellar.rest.get.settings": { "error.value.override": "get" },
      }) as Extract<Value, StellarMap>;
    const warnings: unknown[] = [];
    const warn = (_message: string, fields: unknown) => void warnings.push(fields);
    const failing = { http: answering({ status: 404 }), globals, warn };
    expect(run("REST_GET('http://x')", failing)).toBe("get");
    expect(run("REST_POST('http://x', null)", failing)).toBe("global");
    expect(run("REST_GET('http://x', {'error.value.override' : 5})", failing)).toBe(5);
    expect(run("REST_GET('http://x', {'response.codes.allowed' : [200, 404]})", failing)).toBe("empty");
    expect(run("REST_GET('http://x')", { http: answering({ failure: "too slow" }), globals, warn })).toBe(
      "get",
    );
    expect(run("REST_GET('http://x')", { http: answering({ body: "[1]" }) })).toBeNull();
    expect(warnings).toContainEqual({ method: "GET", url: "http://x/", failure: "status 404" });
    expect(() => run("REST_GET('no address')", failing)).toThrow("not an address");
  });

  test("check the length when asked, and show a password only to them", () => {
    const short = { http: answering({ body: "{}", contentLength: 3 }) };
    expect(run("REST_GET('http://x', {'verify.content.length' : true})", short)).toBeNull();
    expect(run("REST_GET('http://x')", short)).toEqual({});
    const platformFiles = {
      read: () => "secret",
      write: () => false,
      remove: () => false,
      list: () => undefined,
    };
    const settings = "{'basic.auth.user' : 'me', 'basic.auth.password.path' : '/p'}";
    run(`REST_GET('http://x', ${settings})`, { ...short, platformFiles });
    expect(sent.at(-1)?.headers.Authorization).toBe("Basic bWU6c2VjcmV0");
  });
});
