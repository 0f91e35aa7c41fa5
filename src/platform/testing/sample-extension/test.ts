import { testExtension } from "metron/testing";
import { sample } from "./sample.ts";

testExtension(sample);
