/** The value of `--name=value` among the arguments of a benchmark. */
export function argument(args: readonly string[], name: string): string | undefined {
  return args.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}
