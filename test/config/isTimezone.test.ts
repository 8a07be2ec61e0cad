import { expect, it } from "vitest"
import { isTimezone } from "../../src/config/isTimezone.ts"

it.each(["UTC", "GMT", "Europe/Berlin", "europe/berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])(
  "%s is a time zone",
  (name) => {
    expect(isTimezone(name)).toBe(true)
  },
)

it.each(["", "Mars/Olympus", "+02:00", "PST", "local"])(
  "%j is none, or one that PostgreSQL and JavaScript understand differently",
  (name) => {
    expect(isTimezone(name)).toBe(false)
  },
)
