import { renderTableName } from "../../domain/tableName.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql, statementText } from "../../postgres/sql.ts"
import { type Check, block } from "./Check.ts"

/** What the run needs: to own the table (or be a member of its owner), and to create in its schema and in the database. */
export const checkPrivileges: Check = async ({ db, table: name, source }) => {
  const may = await readOne<{ role: string; owns: boolean; creates: boolean; installs: boolean; database: string }>(
    db,
    sql`
    select current_user as role,
           pg_has_role(current_user, ${source.owner}, 'MEMBER') as owns,
           has_schema_privilege(${source.schema}, 'CREATE') and has_schema_privilege(${source.schema}, 'USAGE') as creates,
           to_regnamespace('cutover') is not null or has_database_privilege(current_database(), 'CREATE') as installs,
           current_database() as database`,
  )
  const role = ident(may.role)
  return [
    ...(may.owns
      ? []
      : [
          block(
            "CUTOVER_PRIVILEGE",
            `${may.role} does not own ${renderTableName(name)}; its owner is ${source.owner}.`,
            grant(sql`grant ${ident(source.owner)} to ${role}`),
          ),
        ]),
    ...(may.creates
      ? []
      : [
          block(
            "CUTOVER_PRIVILEGE",
            `${may.role} may not create tables in schema ${source.schema}.`,
            grant(sql`grant usage, create on schema ${ident(source.schema)} to ${role}`),
          ),
        ]),
    ...(may.installs
      ? []
      : [
          block(
            "CUTOVER_PRIVILEGE",
            `${may.role} may not create the schemas cutover and cutover_jobs in ${may.database}.`,
            grant(sql`grant create on database ${ident(may.database)} to ${role}`),
          ),
        ]),
  ]
}

function grant(statement: Sql): string {
  return `Let it be granted: ${statementText(statement)};`
}
