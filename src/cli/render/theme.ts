import { styleText } from "node:util"

type Style = (text: string) => string

/** The few colors of the command line, by what they say. Each is plain text where colors are not wanted. */
export type Theme = {
  readonly title: Style
  readonly quiet: Style
  readonly good: Style
  readonly active: Style
  readonly warning: Style
  readonly bad: Style
}

export function themeOf(color: boolean): Theme {
  const style =
    (format: Parameters<typeof styleText>[0]): Style =>
    (text) =>
      color && text.trim() !== "" ? styleText(format, text, { validateStream: false }) : text
  return {
    title: style("bold"),
    quiet: style("dim"),
    good: style("green"),
    active: style("cyan"),
    warning: style("yellow"),
    bad: style("red"),
  }
}

/** Whether to color what is written to a stream: only on a terminal, and where neither flag nor NO_COLOR forbids it. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  { flag = true, env = process.env }: { flag?: boolean; env?: Readonly<Record<string, string | undefined>> } = {},
): boolean {
  return flag && stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb"
}
