/** A name that PostgreSQL takes, and what is nasty about it. */
export type HostileName = { readonly what: string; readonly name: string }

const lists: Readonly<Record<string, readonly string[]>> = {
  "ends a quote": ['a"b', '""', '"', "it's", '＂"'],
  "brings a statement": [
    'public"; drop table x; --',
    '"; drop schema canary cascade; --',
    "t); delete from canary.x; --",
  ],
  "begins or ends a comment": ["--", "/*", "a\n--b"],
  "looks like a parameter or a dollar quote": ["$1", "$$", "$body$", "${name}", "?"],
  "has backslashes": ["\\", "\\'", '\\\\"', 'U&"\\0041'],
  "has white space": [" ", "a ", "a\nb", "a\tb", "\u00a0", "a\u2028b"],
  "has control characters or escapes": [
    "\u0007\u0008",
    "\u001b[31mred\u001b[0m",
    "\u001b[2J\u001b[H",
    "\u009b31m",
    "\u007f",
  ],
  "has characters that nobody sees, or that turn the text around": ["a\u200bb", "\ufeffa", "\u202etxt.exe", "שלום"],
  "is not ASCII": ["💣", "👩‍👩‍👧‍👦", "рublic", "İı"],
  "is as long as a name can be": ["x".repeat(63), `${"ä".repeat(31)}x`, `${"💣".repeat(15)}abc`, "$".repeat(62)],
  "looks like a format": ["%I", "%s%n", "%1$s", "%_", "*"],
  "is a word of SQL or of PL/pgSQL": ["select", "all", "new", "old", "found", "tg_op", "excluded"],
  "is a name of PostgreSQL": ["pg_temp", "pg_catalog", "information_schema"],
  "is one of ours": [
    "cutover_block",
    "cutover_new",
    "cutover_capture_row",
    "cutover_bounds",
    "t_partitioned",
    "_legacy",
    "t_2024_01",
    "start",
    "rows",
  ],
  "is one of JavaScript": ["__proto__", "toString"],
  "has separators": ["a.b", "a,b.c"],
}

export const hostileNames: readonly HostileName[] = Object.entries(lists).flatMap(([what, names]) =>
  names.map((name) => ({ what, name })),
)

/** The name with a suffix, cut to the 63 bytes that PostgreSQL keeps. */
export function vary(name: string, suffix: string): string {
  let kept = name
  while (Buffer.byteLength(kept + suffix) > 63) kept = Array.from(kept).slice(0, -1).join("")
  return kept + suffix
}
