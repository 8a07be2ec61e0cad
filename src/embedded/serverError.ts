import { CutoverError } from "../errors/CutoverError.ts"

/** The embedded server failed: `output` is what PostgreSQL said about it, and is quoted below the message. */
export function serverError(facts: { message: string; state: string; hint: string; output?: string; cause?: unknown }) {
  const { output, message, ...rest } = facts
  return new CutoverError("CUTOVER_EMBEDDED_SERVER", {
    ...rest,
    message: output ? `${message} PostgreSQL said:\n${output}` : message,
  })
}

/** Runs `work` in a cluster's directory; what the file system or the kernel refuses becomes a message for a person. */
export async function withServerErrors<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error
    throw serverError({
      message: `The embedded PostgreSQL in ${directory} cannot be used: ${error.message}.`,
      state: "No database was changed.",
      hint: "Give another directory, make room in this one, or run as the account that made it.",
      cause: error,
    })
  }
}
