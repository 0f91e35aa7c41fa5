import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestFolder, type Running } from "./testing/run-cli.ts";

const folder = openTestFolder();
const { metron } = folder;
let platform: Running;

const objects = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  platform = await folder.up({
    "metron.yaml": "workers: 1\n",
    "sensors/firewall.yaml":
      "sensor: firewall\nparser: { jsonMap: {} }\nthreatIntel: { malicious_ip: [ip] }\ntriage: { rules: [ { rule: 'true', score: 7 } ] }\n",
  });
}, 60_000);
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
}, 60_000);

test("a loaded indicator is in force within two seconds, while telemetry flows", async () => {
  const alerts = async (query: string) =>
    objects((await metron(["search", `source.type:firewall AND ${query}`, "--json"])).out);
  await metron(["ingest", "--sensor", "firewall"], '{"n":1,"ip":"10.6.6.6"}\n');
  const loaded = await metron(
    ["intel", "load", "-", "--type", "malicious_ip", "--column", "ip"],
    "ip,source\n10.6.6.6,feed\n",
  );
  expect(loaded.out).toBe("1 indicator of type malicious_ip loaded, 0 lines left out\n");
  await metron(["ingest", "--sensor", "firewall"], '{"n":2,"ip":"10.6.6.6"}\n');
  const scored = await alerts("is_alert:true");
  expect(scored.map((message) => [message.n, message["threat.triage.score"]])).toEqual([[2, 7]]);
  expect((await metron(["intel", "list"])).out).toMatch(/malicious_ip +1 /);
});

test("one indicator is looked up, removed and exported; what can never match is refused with its line", async () => {
  const feed = [
    "ip,source,comment",
    '2001:DB8:0:0:0:0:0:9,feed,"seen, twice"',
    "not-an-ip,feed,",
    "10.0.0.0/8,feed,",
    "999.1.1.1,feed,",
    "203.0.113.66,feed,",
    "\x1b]0;hello\x07,feed,",
    "",
  ].join("\n");
  const loaded = await metron(["intel", "load", "-", "--type", "feed_ip", "--column", "ip"], feed);
  expect(loaded.out).toBe("2 indicators of type feed_ip loaded, 4 lines left out\n");
  expect(loaded.err).toContain("-:3: `not-an-ip` is not an IP address and would never match\n");
  expect(loaded.err).toContain(
    "-:4: `10.0.0.0/8` is not an IP address and would never match; values are compared",
  );
  expect(loaded.err).toContain("-:5: `999.1.1.1` is not an IP address");
  // What a feed holds must not reach the terminal as commands.
  expect(loaded.err).toContain("-:7: ");
  expect(loaded.err).not.toContain("\x1b");

  const found = objects((await metron(["intel", "lookup", "2001:db8::9", "--json"])).out);
  expect(found).toEqual([
    {
      type: "feed_ip",
      indicator: "2001:db8::9",
      columns: { ip: "2001:DB8:0:0:0:0:0:9", source: "feed", comment: "seen, twice" },
    },
  ]);
  expect(await metron(["intel", "lookup", "192.0.2.1"])).toMatchObject({
    status: 1,
    err: "no list holds 192.0.2.1\n",
  });

  const exported = (await metron(["intel", "export", "--type", "feed_ip"])).out;
  expect(exported.split("\n")[0]).toBe("indicator,ip,source,comment");
  const again = await metron(["intel", "load", "-", "--type", "copy_ip"], exported);
  expect(again.out).toBe("2 indicators of type copy_ip loaded, 0 lines left out\n");

  expect((await metron(["intel", "remove", "2001:DB8::0009", "--type", "feed_ip"])).status).toBe(0);
  const gone = await metron(["intel", "remove", "2001:db8::9", "--type", "feed_ip"]);
  expect(gone.err).toContain("the list feed_ip does not hold `2001:db8::9`");
  expect((await metron(["intel", "export", "--type", "none"])).err).toContain(
    "there is no list of this type; there are: ",
  );
});

test.each([
  ["1.2.3.4,feed\n", "the first line must name the columns, but `1.2.3.4` looks like a value"],
  ["ip;source\n1.2.3.4;x\n", "columns are separated by `;` here, not by `,`; say so (--separator)"],
  [
    "addr,source\n1.2.3.4,x\n",
    "there is no column `ip` among `addr`, `source`; name the one with the indicators (--column)",
  ],
  ["addr,\x1b]0;hello\x07\n1.2.3.4,x\n", "there is no column `ip` among `addr`"],
  ["ip,ip\n1.2.3.4,x\n", "the column `ip` is there twice"],
])("a header that is wrong says how: %j", async (csv, expected) => {
  const { status, err } = await metron(["intel", "load", "-", "--type", "bad_ip", "--column", "ip"], csv);
  expect(err).toContain(expected);
  expect(err).not.toContain("\x1b");
  expect(status).not.toBe(0);
});

test("a list that cannot be read is no lost connection", async () => {
  const { status, err } = await metron(["intel", "load", import.meta.dirname, "--type", "bad_ip"]);
  expect(err).toContain("reading the input: EISDIR");
  expect(status).not.toBe(0);
});
