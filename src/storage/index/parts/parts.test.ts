import { describeIndex } from "../testing/describe-index.ts";
import { spreadSubject } from "./testing/spread-index.ts";

// Each part merges its own files.
describeIndex("two embedded indexes as one", spreadSubject(), new Set(["server", "spread"]));
