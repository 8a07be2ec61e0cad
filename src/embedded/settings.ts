/** Settings of PostgreSQL by name; values as postgresql.conf has them, unquoted. */
export type Settings = Readonly<Record<string, string>>

/** For one person's machine and a bulk load: few checkpoints, room for index builds, nothing that risks data. */
const defaults: Settings = {
  max_connections: "100",
  shared_buffers: "256MB",
  maintenance_work_mem: "256MB",
  work_mem: "16MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] %a ",
}

/** The file of settings that a cluster is created with. */
export function renderSettings(settings: Settings): string {
  return render({ ...defaults, ...settings })
}

/** The main file of settings, written at each start: initdb's, ours, and where the server listens. */
export function renderMain(port: number): string {
  // No Unix sockets: their paths are limited to 107 bytes, and a killed server leaves locks beside them.
  const listening = render({ listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" })
  return `include 'data/postgresql.conf'\ninclude 'settings.conf'\n${listening}`
}

function render(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'\n`)
    .join("")
}
