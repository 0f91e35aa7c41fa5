import { expect, test } from "vitest";
import { exposition, histogram } from "./exposition.ts";

/** What Prometheus' documentation of its text format says, word for word where it has an example. */
test("a family is its help, its type and its samples", () => {
  const samples = [
    { labels: { method: "post", code: "200" }, value: 1027 },
    { labels: { method: "post", code: "400" }, value: 3 },
  ];
  const help = "The total number of HTTP requests.";
  expect(exposition([{ name: "http_requests_total", type: "counter", help, samples }])).toBe(
    [
      "# HELP http_requests_total The total number of HTTP requests.",
      "# TYPE http_requests_total counter",
      'http_requests_total{method="post",code="200"} 1027',
      'http_requests_total{method="post",code="400"} 3',
      "",
    ].join("\n"),
  );
});

test.each([
  ["C:\\DIR\\FILE.TXT", "C:\\\\DIR\\\\FILE.TXT"],
  ['Cannot find file:\n"FILE.TXT"', 'Cannot find file:\\n\\"FILE.TXT\\"'],
  ["{a=b},ü ☃", "{a=b},ü ☃"],
  ["", ""],
])("escapes the label %j", (label, written) => {
  const samples = [{ labels: { label }, value: 1 }];
  expect(exposition([{ name: "m", type: "gauge", help: "", samples }])).toContain(
    `m{label="${written}"} 1\n`,
  );
});

test("help has its line ends and backslashes escaped, not its quotes", () => {
  const text = exposition([{ name: "m", type: "gauge", help: 'a\n"b" \\c', samples: [] }]);
  expect(text).toBe('# HELP m a\\n"b" \\\\c\n# TYPE m gauge\n');
});

test.each([
  [1.5e9, "1500000000"],
  [1e21, "1e+21"],
  [-0.25, "-0.25"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
])("writes the number %s", (value, written) => {
  const text = exposition([{ name: "m", type: "gauge", help: "", samples: [{ labels: {}, value }] }]);
  expect(text).toContain(`\nm ${written}\n`);
});

test("the buckets of a histogram add up to its count", () => {
  const samples = histogram({ sensor: "web" }, { bounds: [0.05, 1], counts: [2, 0, 3], sum: 53.5 });
  expect(exposition([{ name: "h", type: "histogram", help: "Times.", samples }])).toBe(
    [
      "# HELP h Times.",
      "# TYPE h histogram",
      'h_bucket{sensor="web",le="0.05"} 2',
      'h_bucket{sensor="web",le="1"} 2',
      'h_bucket{sensor="web",le="+Inf"} 5',
      'h_sum{sensor="web"} 53.5',
      'h_count{sensor="web"} 5',
      "",
    ].join("\n"),
  );
});
