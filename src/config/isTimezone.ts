/**
 * Is it `UTC`, `GMT` or a name such as `Europe/Berlin`? Offsets and abbreviations are not: PostgreSQL reads `+02:00`
 * as west of Greenwich, and `PST` without summer time
 * (https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-TIMEZONES).
 */
export function isTimezone(name: string): boolean {
  return /^(?:UTC|GMT|[a-z]+\/.+)$/i.test(name) && isKnown(name)
}

function isKnown(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }) !== undefined
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
