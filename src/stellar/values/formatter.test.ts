import { expect, test } from "vitest";
import { timeZone } from "../../java/time-zone.ts";
import { format } from "./formatter.ts";
import { hashCode } from "./hash-code.ts";
import { Char, Double, Float, StellarMap, StellarSet, type Value } from "./value.ts";

const UTC = timeZone("UTC");
const d = (value: number) => new Double(value);

test.each<[string, Value[], string]>([
  ["no args", [], "no args"],
  ["%s-%d", ["a", 5], "a-5"],
  ["%06d", [234], "000234"],
  ["%5d|%-5d|%05d", [42, 42, 42], "   42|42   |00042"],
  ["%+d % d %(d %(d", [5, 5, -5, 5], "+5  5 (5) 5"],
  ["%,d %,d", [1234567, -123], "1,234,567 -123"],
  ["%(010d", [-5], "(00000005)"],
  ["%d", [-9223372036854775808n], "-9223372036854775808"],
  ["%x %X %o %#x %#o", [255, 255, 8, 255, 8], "ff FF 10 0xff 010"],
  ["%x %x", [-1, -1n], "ffffffff ffffffffffffffff"],
  ["%#08x", [255], "0x0000ff"],
  ["%f %.1f %.0f %.3f", [d(1.5), d(234), d(2.5), d(2.0005)], "1.500000 234.0 3 2.001"],
  ["%f", [new Float(0.1)], "0.100000"],
  ["%.10f", [new Float(0.1)], "0.1000000015"],
  ["%.2f %.2f %.2f", [d(0.005), d(0.004), d(0.999)], "0.01 0.00 1.00"],
  ["%.1f %.0f %.0f", [d(9.95), d(0.5), d(0.4)], "10.0 1 0"],
  ["%,.2f", [d(1234567.891)], "1,234,567.89"],
  ["%10.2f|%-10.2f|%010.2f", [d(-3.72), d(3.72), d(-3.72)], "     -3.72|3.72      |-000003.72"],
  ["%e %.2e %E", [d(12345.678), d(0.00012345), d(1e10)], "1.234568e+04 1.23e-04 1.000000E+10"],
  ["%e %.0e %#.0e", [d(0), d(9.6), d(9.4)], "0.000000e+00 1e+01 9.e+00"],
  ["%g %g %g %.3g", [d(12345.678), d(0.00001), d(0), d(123456)], "12345.7 1.00000e-05 0.00000 1.23e+05"],
  ["%g", [d(999999.5)], "1.00000e+06"],
  ["%a %a %a %.1a", [d(1), d(-0.75), d(0), d(1.96875)], "0x1.0p0 -0x1.8p-1 0x0.0p0 0x2.0p0"],
  [
    "%f %f %(f %+f",
    [d(Number.NaN), d(Infinity), d(-Infinity), d(Infinity)],
    "NaN Infinity (Infinity) +Infinity",
  ],
  ["%010f", [d(-Infinity)], " -Infinity"],
  ["%s %s %s %s", [null, d(1e7), [1, null], new StellarMap([["a", 1]])], "null 1.0E7 [1, null] {a=1}"],
  ["%5s|%-5s|%.2s|%S", ["ab", "ab", "abcdef", "ab"], "   ab|ab   |ab|AB"],
  ["%b %b %b %B", [true, null, "x", false], "true false true FALSE"],
  ["%c %c %C %c", [65, new Char("b"), new Char("b"), null], "A b B null"],
  ["%h %h %H", ["hi", null, "hi"], "d01 null D01"],
  ["%2$s %1$s %<s %s", ["a", "b"], "b a a a"],
  ["100%%|%5%|%-5%|", [], "100%|    %|%    |"],
  ["a%nb", [], "a\nb"],
  ["%d %f %x %tY", [null, null, null, null], "null null null null"],
  ["%.2f|%5.1E|%+x|%(o", [null, null, null, null], "nu|    N|null|null"],
  ["%10S", ["Straße"], "   STRASSE"],
  ["%tF %<tT %<tL %<tz %<tZ", [1452013350123n], "2016-01-05 17:02:30 123 +0000 UTC"],
  [
    "%tB %<tb %<tA %<ta %<te %<tj %<tp %<tI %<tC %<ty",
    [1452013350123n],
    "January Jan Tuesday Tue 5 005 pm 05 20 16",
  ],
  ["%TB %tc", [1452013350123n, 1452013350123n], "JANUARY Tue Jan 05 17:02:30 UTC 2016"],
  [
    "%ts %<tQ %<tN %<tr %<tD %<tR",
    [1452013350123n],
    "1452013350 1452013350123 123000000 05:02:30 PM 01/05/16 17:02",
  ],
])("formats %s", (pattern, args, expected) => {
  expect(format(pattern, args, UTC)).toBe(expected);
});

test.each<[string, Value[], string]>([
  ["%d", [d(5)], "'%d' cannot format a value of type double"],
  ["%f", [5], "'%f' cannot format a value of type int"],
  ["%d", ["5"], "'%d' cannot format a value of type string"],
  ["%x", [d(5)], "'%x' cannot format a value of type double"],
  ["%c", ["A"], "'%c' cannot format a value of type string"],
  ["%c", [-1], "no code point"],
  ["%tY", [5], "'%tY' cannot format a value of type int"],
  ["%ti", [5n], "no date conversion 'i'"],
  ["%s", [], "no argument for '%s'"],
  ["%2$s", ["a"], "no argument for '%2$s'"],
  ["%<s", ["a"], "no argument for '%<s'"],
  ["%q", [1], "no conversion 'q'"],
  ["%D", [1], "no conversion 'D'"],
  ["100%", [], "no format specifier"],
  ["%-d", [1], "needs a width"],
  ["%-05d", [1], "contradict"],
  ["%++d", [1], "stands twice"],
  ["%#d", [1], "the flag '#' does not go with 'd'"],
  ["%.2d", [1], "a precision does not go with 'd'"],
  ["%5n", [], "takes no width"],
  ["%999999999d", [1], "over the limit"],
  ["%.999999999f", [d(1)], "over the limit"],
])("refuses %s", (pattern, args, message) => {
  expect(() => format(pattern, args, UTC)).toThrow(message);
});

// Values from the definitions in the JDK documentation of each class.
test.each<[Value, number]>([
  ["", 0],
  ["hello", 99162322],
  [true, 1231],
  [-7, -7],
  [4294967296n, 1],
  [-1n, 0],
  [d(1), 1072693248],
  [new Float(1), 1065353216],
  [new Char("a"), 97],
  [[1, 2, 3], 30817],
  [new StellarSet([1, 2, 3]), 6],
  [new StellarMap([["a", 1]]), 96],
])("hashes %s", (value, expected) => {
  expect(hashCode(value)).toBe(expected);
});
