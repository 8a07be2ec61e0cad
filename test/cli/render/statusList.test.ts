import { describe, expect, it } from "vitest"
import { renderStatusList } from "../../../src/cli/render/statusList.ts"
import { aStatus, difference, now, secondsAgo } from "./statuses.ts"

const statuses = [
  aStatus(),
  aStatus({
    run: {
      id: "01JDWG00000000000000000000",
      table: "public.flights",
      state: "validate",
      control: "halted",
      error: difference,
    },
  }),
  aStatus({
    run: {
      id: "01JDVA00000000000000000000",
      table: "reporting.returns_of_all_vendors_by_day_2025",
      state: "rolledBack",
      launchedAt: secondsAgo(3 * 86_400),
    },
  }),
]

describe("the list of runs", () => {
  it("fits into 80 columns, and shortens long names for it", () => {
    const list = renderStatusList(statuses, { color: false, width: 80, now })
    expect(list).toMatchInlineSnapshot(`
      "RUN                         TABLE                   STATE           CONTROL  AGE
      01JDXK3V5E8M0Q2R4T6W8Y0A1C  public.returns_raw      copy 61.2%      running  12m
      01JDWG00000000000000000000  public.flights          validate 50.0%  halted   12m
      01JDVA00000000000000000000  reporting.r…y_day_2025  rolled back               3d"
    `)
    expect(Math.max(...list.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it("shows names whole where no width limits it", () => {
    expect(renderStatusList(statuses, { color: false, now })).toContain("reporting.returns_of_all_vendors_by_day_2025")
  })

  it("says how to begin where there is none", () => {
    expect(renderStatusList([], { color: false, now })).toBe(
      "No run yet. Start one with: cutover launch <table> --by <column>",
    )
  })
})
