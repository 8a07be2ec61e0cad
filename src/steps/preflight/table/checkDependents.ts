import { renderTableName } from "../../../domain/tableName.ts"
import type { ErrorCode } from "../../../errors/codes.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, block, orOk } from "../Check.ts"

/** Why each cannot follow, to stand behind "… of public.t", and what to do about it. */
const reasons = {
  CUTOVER_ROW_TRIGGER_TRANSITION: [
    "uses transition tables, which PostgreSQL does not allow for row triggers of partitions",
    "Make it a statement trigger, or drop it for good.",
  ],
  CUTOVER_EXTENSION_MEMBER: ["owns the table", "Take it out first: alter extension … drop table …"],
  CUTOVER_SECURITY_LABEL: [
    "belongs to the table, and only its provider can give it to another",
    "Drop it for the time of the run, and set it again afterwards: security label on table …",
  ],
  CUTOVER_SUBSCRIBED: [
    "replicates into the table, which it knows by its OID",
    "Drop the subscription's table for the time of the run: alter publication … on the publisher, then refresh.",
  ],
} as const satisfies Partial<Record<ErrorCode, readonly [string, string]>>

/**
 * What hangs on the table by OID and can follow neither to a partitioned table nor back. Views, rules, triggers, policies,
 * publications, functions and foreign keys do: see `steps/swap/belongings`.
 */
export const checkDependents: Check = async ({ db, source, table }) => {
  const name = renderTableName(table)
  const { rows } = await db.query<{ code: keyof typeof reasons; what: string }>(sql`
    select 'CUTOVER_ROW_TRIGGER_TRANSITION' as code, 'trigger ' || quote_ident(t.tgname) as what
    from pg_trigger t
    where t.tgrelid = ${source.oid} and not t.tgisinternal and t.tgtype & 1 = 1
      and (t.tgoldtable is not null or t.tgnewtable is not null)
    union all
    select 'CUTOVER_EXTENSION_MEMBER', 'extension ' || quote_ident(e.extname)
    from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = ${source.oid} and d.refclassid = 'pg_extension'::regclass
    union all
    select 'CUTOVER_SECURITY_LABEL', 'the security label of ' || l.provider
    from pg_seclabel l where l.classoid = 'pg_class'::regclass and l.objoid = ${source.oid}
    union all
    select 'CUTOVER_SUBSCRIBED', 'subscription ' || quote_ident(s.subname)
    from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid where r.srrelid = ${source.oid}
    order by 1, 2`)
  const findings = [
    ...rows.map(({ code, what }) => block(code, `${name}: ${what} ${reasons[code][0]}.`, reasons[code][1])),
    ...(source.accessMethod === null || source.accessMethod === "heap"
      ? []
      : [
          block(
            "CUTOVER_ACCESS_METHOD",
            `${name} is stored by ${source.accessMethod}, and the copy goes by the blocks of a heap.`,
            "Change it first: alter table … set access method heap.",
          ),
        ]),
  ]
  return orOk(findings, "CUTOVER_ACCESS_METHOD", `${name} is a heap, and nothing hangs on it that cannot follow.`)
}
