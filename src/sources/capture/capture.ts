import { z } from "zod";
import { defineSource, type Source } from "../source.ts";
import { choiceOptions } from "./choice-options.ts";

export const capture = defineSource({
  name: "capture",
  summary:
    "Captures packets of an interface of this machine by the system's tcpdump; their flows are the records.",
  config: z.strictObject({
    interface: z
      .string()
      .min(1)
      .max(64)
      .describe("The interface, such as `eth0`; `any` is all of them, on Linux."),
    ...choiceOptions,
  }),
  open: async ({ interface: name, ...choice }, context): Promise<Source> => {
    const running = context.takeCapture({
      ...{ name, input: { kind: "interface", interface: name }, by: `sensor ${context.sensor}` },
      ...choice,
    });
    const done = running.done.then(() => undefined);
    done.catch(() => undefined);
    await running.begun;
    return {
      addresses: [],
      done,
      counts() {
        const { records, bytes, unreadable, dropped, problem } = running.counts();
        return { records, bytes, refused: unreadable, dropped, peers: problem === undefined ? 1 : 0 };
      },
      async [Symbol.asyncDispose]() {
        running.stop();
        await done.catch(() => undefined);
      },
    };
  },
});
