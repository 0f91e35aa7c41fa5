import type { Catalogue } from "../core/component.ts";
import { capture } from "./capture/capture.ts";
import { captures } from "./capture/captures.ts";
import { elasticsearch } from "./elasticsearch/elasticsearch.ts";
import { file } from "./file/file.ts";
import { kafka } from "./kafka/kafka.ts";
import type { SourceDefinition } from "./source.ts";
import { syslog } from "./syslog/syslog.ts";

/** Every source there is, in the order of the reference. HTTP is not among them: the server brings its records. */
export const sources: Catalogue<SourceDefinition> = {
  kind: "source",
  list: [file, syslog, elasticsearch, kafka, capture, captures],
};
