import type { Services } from "../runtime/Services.ts"
import { acrossBreaks } from "../runtime/acrossBreaks.ts"
import { readStatus } from "../store/status.ts"
import { type Context, print } from "./context.ts"
import { renderStatusLine } from "./render/statusLine.ts"

/** Prints where a run stands now: one line, or its document with --json. */
export async function printStatus(context: Context, services: Services, runId: string): Promise<void> {
  const status = await acrossBreaks(services, () => readStatus(services.database, runId))
  print(context, status, renderStatusLine(status))
}
