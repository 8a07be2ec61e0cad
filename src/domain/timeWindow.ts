/** Hours of the day, such as 02:00-04:00: `from` inclusive, `to` exclusive, in minutes since midnight; they may pass midnight. */
export type TimeWindow = { readonly from: number; readonly to: number }

const dayMinutes = 24 * 60

/** Reads `02:00-04:00`; undefined for anything else, and for a window without length. */
export function parseTimeWindow(text: string): TimeWindow | undefined {
  const found = /^(\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(text.trim())
  if (found === null) return undefined
  const [fromHour, fromMinute, toHour, toMinute] = found.slice(1).map(Number) as [number, number, number, number]
  const from = fromHour * 60 + fromMinute
  const to = toHour * 60 + toMinute
  const isTime = (minutes: number, minute: number): boolean => minutes <= dayMinutes && minute < 60
  return isTime(from, fromMinute) && isTime(to, toMinute) && from % dayMinutes !== to % dayMinutes
    ? { from: from % dayMinutes, to: to % dayMinutes }
    : undefined
}

export function renderWindow({ from, to }: TimeWindow): string {
  return `${renderTime(from)}-${renderTime(to)}`
}

/** How long until the window is open, from a time of day such as `23:59:30`; 0 while it is. */
export function msUntilOpen({ from, to }: TimeWindow, timeOfDay: string): number {
  const [hours, minutes, seconds] = timeOfDay.split(":").map(Number) as [number, number, number]
  const now = hours * 60 + minutes + seconds / 60
  const isOpen = from < to ? now >= from && now < to : now >= from || now < to
  return isOpen ? 0 : Math.round(((from - now + dayMinutes) % dayMinutes) * 60_000)
}

function renderTime(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`
}
