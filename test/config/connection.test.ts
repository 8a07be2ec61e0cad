import { inspect } from "node:util"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { resolveConnection } from "../../src/config/connection.ts"
import { CutoverError } from "../../src/errors/CutoverError.ts"

const flagUrl = "postgres://ann:secret@flag.example:5433/shop"
const envUrl = "postgresql://bob:secret@env.example/shop"

describe("the order of sources", () => {
  it("is flag, DATABASE_URL, libpq's variables, none", () => {
    const env = { DATABASE_URL: envUrl, PGHOST: "pg.example" }
    expect(resolveConnection({ databaseUrl: flagUrl, env })).toEqual({
      connectionString: flagUrl,
      source: "flag",
      display: "postgres://ann@flag.example:5433/shop",
    })
    expect(resolveConnection({ env })).toEqual({
      connectionString: envUrl,
      source: "environment",
      display: "postgres://bob@env.example/shop",
    })
    expect(resolveConnection({ env: { PGHOST: "pg.example" } })).toEqual({
      source: "libpq",
      display: "postgres://pg.example/",
    })
    expect(resolveConnection({ env: {} })).toEqual({ source: "none", display: "no database" })
  })

  it.each(["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGHOSTADDR"])("counts %s as a choice", (name) => {
    expect(resolveConnection({ env: { [name]: "5432" } }).source).toBe("libpq")
    expect(resolveConnection({ env: { [name]: "" } }).source).toBe("none")
  })

  it("does not count a password alone, nor empty variables, as a choice", () => {
    expect(resolveConnection({ env: { PGPASSWORD: "secret", DATABASE_URL: "" } }).source).toBe("none")
  })

  it("refuses an empty flag instead of trying some other database", () => {
    expect(() => resolveConnection({ databaseUrl: "", env: { PGHOST: "pg.example" } })).toThrow("--database-url")
  })
})

describe("the display", () => {
  it.each([
    ["postgres://ann:secret@db.example:5432/shop", "postgres://ann@db.example:5432/shop"],
    ["postgres://ann:p@ss:w%23rd@db.example/shop", "postgres://ann@db.example/shop"],
    ["postgres://db.example/shop?user=ann&password=secret&port=5433", "postgres://ann@db.example:5433/shop"],
    ["postgres://ann:secret@[::1]:5432/shop", "postgres://ann@[::1]:5432/shop"],
    ["postgres:///shop?host=/var/run/postgresql", "postgres:///shop?host=/var/run/postgresql"],
    ["postgres://ann:secret@/shop?host=/tmp&port=5433", "postgres://ann@/shop?host=/tmp&port=5433"],
    ["postgres://ann:secret@%2Ftmp%2Fdb/shop", "postgres://ann@/shop?host=/tmp/db"],
    ["postgres://a%20nn:secret@db.example/Mixed%20Case", "postgres://a%20nn@db.example/Mixed%20Case"],
    ["postgres://ann:50%zz@db.example/shop", "postgres://ann@db.example/shop"],
    ["postgres://db.example", "postgres://db.example/"],
  ])("of %s is %s", (databaseUrl, display) => {
    expect(resolveConnection({ databaseUrl, env: {} }).display).toBe(display)
    expect(resolveConnection({ databaseUrl: display, env: {} }).display).toBe(display)
  })

  it("of libpq's variables is a URL, without the password", () => {
    const env = { PGUSER: "ann", PGPASSWORD: "secret", PGHOST: "::1", PGPORT: "5433", PGDATABASE: "shop" }
    expect(resolveConnection({ env }).display).toBe("postgres://ann@[::1]:5433/shop")
    const socket = resolveConnection({ env: { ...env, PGHOST: "/tmp" } })
    expect(socket.display).toBe("postgres://ann@/shop?host=/tmp&port=5433")
    const service = resolveConnection({ env: { PGSERVICE: "shop", PGPORT: "1" } })
    expect(service.display).toBe("postgres:///?port=1&service=shop")
  })
})

describe("a malformed URL", () => {
  it.each([
    "",
    "db.example",
    "mysql://ann:secret@db.example/shop",
    "host=db.example password=secret",
    "postgres:secret@db.example",
    "postgres://ann:secret@db.example:port/shop",
    "postgres://ann:secret@one:5432,two:5432/shop",
    "postgres://ann:12/secret@db.example/shop",
    "postgres://ann:12?secret@db.example/shop",
    "postgres://ann:12#secret@db.example/shop",
    "postgres://ann:secret@db.example/shop#secret",
  ])("is refused without a word of it: %s", (databaseUrl) => {
    const error = refusalOf(() => resolveConnection({ databaseUrl, env: {} }))
    expect(error).toMatchObject({ code: "CUTOVER_CONFIG_INVALID", exitCode: 2 })
    expect(error.message).toContain("--database-url")
    expect(inspect(error, { depth: null })).not.toContain("secret@")
    expect(error.cause).toBeUndefined()
  })

  it("names the variable it came from", () => {
    expect(refusalOf(() => resolveConnection({ env: { DATABASE_URL: "x" } })).message).toContain("DATABASE_URL")
  })
})

it("never shows a password, whatever it is made of, escaped or not", () => {
  const hardCharacters = fc.constantFrom("Q", "q", "0", "%", ":", "/", "?", "#", "@", "[", "]", "&", "=", " ")
  const password = fc.string({ unit: hardCharacters, maxLength: 12 }).map((text) => `QX${text}XQ`)
  const written = fc.oneof(password, password.map(encodeURIComponent))
  fc.assert(
    fc.property(written, (text) => {
      const shown = shownFor(`postgres://ann:${text}@db.example:5432/shop`)
      expect(shown).not.toMatch(/Q/)
    }),
    { numRuns: 1000 },
  )
})

function shownFor(databaseUrl: string): string {
  try {
    return resolveConnection({ databaseUrl, env: {} }).display
  } catch (error) {
    if (error instanceof CutoverError) return JSON.stringify(error.toDocument()).replaceAll("PostgreSQL", "")
    throw error
  }
}

function refusalOf(act: () => unknown): CutoverError {
  try {
    act()
  } catch (error) {
    if (error instanceof CutoverError) return error
    throw error
  }
  throw new Error("nothing was refused")
}
