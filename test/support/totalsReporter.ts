import type { Reporter, TestModule } from "vitest/node"

/**
 * Prints `N passed, N failed` as the last line of a test run, for machines that read it.
 * A file that broke before its tests, and an error outside of all tests, count as one failure each.
 * A run without any test is a failure.
 */
export const totalsReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const passed = sum(modules, countPassed)
    const failed = sum(modules, countFailed) + unhandledErrors.length
    if (passed + failed === 0) {
      process.exitCode = 1
      process.stderr.write("No test ran.\n")
    }
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
  },
}

function countPassed(module: TestModule): number {
  return [...module.children.allTests("passed")].length
}

function countFailed(module: TestModule): number {
  const failedTests = [...module.children.allTests("failed")].length
  return failedTests === 0 && !module.ok() ? 1 : failedTests
}

function sum(modules: readonly TestModule[], count: (module: TestModule) => number): number {
  return modules.reduce((total, module) => total + count(module), 0)
}
