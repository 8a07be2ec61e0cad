/** Whether a text, or what `pg_stat_activity` shows of it, is the first one of each session of ours. */
export function setsUpSession(text: string): boolean {
  return text.startsWith("select case when pg_catalog.current_setting(name, true)")
}
