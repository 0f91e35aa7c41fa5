import { expect, test } from "vitest";
import { parse } from "../../../query/parse.ts";
import { batchOf, put, type Started } from "./test-batches.ts";

/** That an answer that says nothing, or everything, says why. */
export function describeHints(start: () => Promise<Started>): void {
  test("a search that finds nothing, or asks otherwise than it looks, says so", async () => {
    const { index, writer } = await start();
    const messages = [
      { query: "e4.akadns.net", user: "Admin", port: 53, alert: true, answers: ["A1.akadns.net"] },
      { query: "e5.akadns.net", user: "guest", port: 80, original_string: "dns and more" },
      { query: "www.example.com", user: "guest" },
    ];
    await put(writer, "bro", batchOf(messages));
    await put(writer, "asa", batchOf([{ action: "deny", user: "x" }], 3));
    const hintsOf = async (text: string, sensors?: string[]) => {
      const { hints } = await index.search({ query: parse(text), text, sensors });
      return hints.map(({ code, text, query }) => [code, text, query]);
    };
    const cases: [string, unknown[][]][] = [
      ["query:e4.akadns.net", []],
      [
        "query:akadns AND port:>0",
        [
          [
            "part-of-value",
            "No value of query is akadns as a whole. query:*akadns* finds 2 messages.",
            "query:*akadns* AND port:{0 TO *]",
          ],
        ],
      ],
      [
        "user:ADMIN",
        [["other-case", "No value of user is ADMIN as a whole. user:Admin finds 1 message.", "user:Admin"]],
      ],
      [
        "user:ADM",
        [["other-case", "No value of user is ADM as a whole. user:*Adm* finds 1 message.", "user:*Adm*"]],
      ],
      [
        "query:*.AKADNS.net",
        [["other-case", expect.stringContaining("finds 2 messages"), "query:*.akadns.net"]],
      ],
      ['query:"*.akadns.net"', [["no-wildcard", expect.stringContaining("quoted"), "query:*.akadns.net"]]],
      ["query:%akadns%", [["no-wildcard", expect.stringContaining("write *"), "query:*akadns*"]]],
      [
        "user:e4.akadns.net",
        [
          [
            "other-field",
            expect.stringContaining("Other fields hold it: e4.akadns.net finds 1"),
            "e4.akadns.net",
          ],
        ],
      ],
      ["user:nobody", []],
      ["NOT user:nobody", []],
      ["port:ssh", [["other-type", "port holds numbers, and ssh is none of them.", undefined]]],
      ["NOT port:ssh", [["other-type", expect.anything(), undefined]]],
      ["alert:yes", [["other-type", "alert holds only true and false, and yes is none of them.", undefined]]],
      [
        "NOT querry:x",
        [["unknown-field", expect.stringContaining("No message has a field querry"), "NOT query:x"]],
      ],
      ["dns and user:guest", [["lowercase-operator", expect.anything(), "dns AND user:guest"]]],
    ];
    for (const [text, expected] of cases) expect([text, await hintsOf(text)]).toEqual([text, expected]);
    expect(await hintsOf("action:deny", ["bro"])).toEqual([
      ["other-sensor", "action is a field of asa, and the search is limited to bro.", undefined],
    ]);
    expect((await index.search({ query: parse("user:ADMIN") })).hints).toEqual([]);
  });
}
