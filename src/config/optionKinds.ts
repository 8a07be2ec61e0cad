import { formatDuration, parseDuration } from "../domain/duration.ts"
import { parseIdentifierList } from "../domain/identifierList.ts"
import { formatSize, parseSize } from "../domain/size.ts"
import { parseTimeWindow } from "../domain/timeWindow.ts"

/** How the values of an option are written: read from one text, and explained. */
export type OptionKind = {
  /** The value that a text stands for; one that cannot be read is given back, for the schema to refuse, or throws. */
  readonly parse: (text: string) => unknown
  /** What is allowed, to follow "Allowed is". */
  readonly allowed: (facts: OptionFacts) => string
  readonly renderDefault: (value: unknown) => string
}

/** What the schema says about an option, in the words of JSON Schema. */
export type OptionFacts = {
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  /** Where a value may be null: what is said of those that are not. */
  readonly anyOf?: readonly OptionFacts[]
}

const asItIs = (text: string): string => text

export const choice: OptionKind = {
  parse: asItIs,
  allowed: (facts) => new Intl.ListFormat("en", { type: "disjunction" }).format(facts.enum ?? []),
  renderDefault: String,
}

export const count: OptionKind = {
  parse: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  allowed: ({ minimum, maximum }) => `a whole number from ${minimum} to ${maximum}`,
  renderDefault: String,
}

export const duration: OptionKind = {
  parse: parseDuration,
  allowed: ({ minimum = 0, maximum = Infinity }) =>
    `a duration from ${formatDuration(minimum)} to ${formatDuration(maximum)}`,
  renderDefault: (value) => formatDuration(Number(value)),
}

export const size: OptionKind = {
  parse: (text) => parseSize(text) ?? text,
  allowed: ({ minimum = 0, maximum = Infinity }) => `a size from ${formatSize(minimum)} to ${formatSize(maximum)}`,
  renderDefault: (value) => formatSize(Number(value)),
}

export const statement: OptionKind = {
  parse: asItIs,
  allowed: () => "a SELECT, with names that say their schema",
  renderDefault: () => "none",
}

export const toggle: OptionKind = {
  parse: (text) => (text === "on" || text === "true" ? true : text === "off" || text === "false" ? false : text),
  allowed: () => "on or off",
  renderDefault: (value) => (value === true ? "on" : "off"),
}

/** The same, or `none` for no limit. */
export function orNone(kind: OptionKind): OptionKind {
  return {
    parse: (text) => (text === "none" ? null : kind.parse(text)),
    allowed: (facts) => `${kind.allowed({ ...facts, ...facts.anyOf?.[0] })}, or none`,
    renderDefault: (value) => (value === null ? "none" : kind.renderDefault(value)),
  }
}

/** A count that follows the server where nobody says it. */
export const countOfCores: OptionKind = {
  parse: count.parse,
  allowed: (facts) => count.allowed({ ...facts, ...facts.anyOf?.[0] }),
  renderDefault: () => "the server's cores, 2 to 8, where it runs on this machine; else 2",
}

export const timeWindow: OptionKind = {
  parse: (text) => parseTimeWindow(text) ?? text,
  allowed: () => "a span of time such as 02:00-04:00",
  renderDefault: () => "any time",
}

export const timezone: OptionKind = {
  parse: asItIs,
  allowed: () => "UTC or a name such as Europe/Berlin",
  renderDefault: String,
}

export const variable: OptionKind = {
  parse: asItIs,
  allowed: () => "the name of an environment variable",
  renderDefault: () => "none",
}

export const columns: OptionKind = {
  parse: (text) => parseIdentifierList(text, ","),
  allowed: () => "a list of columns such as vendor,return_date",
  renderDefault: () => "none",
}
