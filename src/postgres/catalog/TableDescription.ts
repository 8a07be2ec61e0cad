/** A table as the catalog describes it. All expressions and types are PostgreSQL's own text, fully qualified. */
export type TableDescription = {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `pg_class.relkind`: r table, p partitioned, v view, m materialized view, f foreign, … */
  readonly kind: string
  /** `pg_class.relpersistence`: p permanent, u unlogged, t temporary. */
  readonly persistence: string
  readonly owner: string
  readonly isPartition: boolean
  readonly hasParents: boolean
  readonly hasChildren: boolean
  readonly isTyped: boolean
  readonly tablespace: string | null
  readonly accessMethod: string | null
  readonly options: readonly string[]
  readonly comment: string | null
  readonly rowSecurity: boolean
  readonly forcesRowSecurity: boolean
  /** `pg_class.relreplident`: d default, f full, n nothing, i an index. */
  readonly replicaIdentity: string
  readonly replicaIndex: string | null
  readonly columns: readonly ColumnDescription[]
  readonly indexes: readonly IndexDescription[]
  readonly checks: readonly ConstraintDescription[]
  readonly foreignKeys: readonly ForeignKeyDescription[]
  /** Sequences that belong to a column: of serial (`a`) and of identity (`i`) columns. */
  readonly sequences: readonly SequenceDescription[]
  /** Extended statistics (CREATE STATISTICS). */
  readonly statistics: readonly StatisticsDescription[]
}

export type ColumnDescription = {
  readonly name: string
  /** As `format_type` writes it. */
  readonly type: string
  readonly isNotNull: boolean
  readonly default: string | null
  /** `pg_attribute.attidentity`: a always, d by default, empty for none. */
  readonly identity: string
  /** `pg_attribute.attgenerated`: s stored, v virtual, empty for none. */
  readonly generated: string
  readonly statistics: number | null
  /** As SET takes them: `n_distinct=-0.5`. */
  readonly options: readonly string[]
  readonly hasGrants: boolean
  /** `pg_type.typcategory` of the base type: N for numbers. */
  readonly category: string
  /** Name in pg_catalog of the base type, or null where the type lives elsewhere. */
  readonly builtinType: string | null
  readonly isEnum: boolean
  /** The function that writes the type's binary form, schema and name; null where it has none. */
  readonly sendFunction: readonly [string, string] | null
  /** Schema and name, quoted; null for the database's own, and for types that have none. */
  readonly collation: string | null
  readonly isDeterministic: boolean
}

export type IndexDescription = {
  readonly name: string
  /** The whole `CREATE INDEX` as `pg_get_indexdef` writes it. */
  readonly definition: string
  /** The definition from ` USING ` on: method, columns, options, predicate. */
  readonly tail: string
  readonly isUnique: boolean
  readonly isPrimary: boolean
  readonly isExclusion: boolean
  readonly isValid: boolean
  readonly isClustered: boolean
  readonly isPartial: boolean
  /** Whether it is checked at once, and not at the end of the transaction. */
  readonly isImmediate: boolean
  /** The key columns; null for an expression. */
  readonly columns: readonly (string | null)[]
  /** The columns that an exclusion constraint compares for equality. */
  readonly equalColumns: readonly string[]
  /** The predicate as the definition ends with it: ` WHERE (…)`; empty where there is none. */
  readonly predicate: string
  /** The key columns as PostgreSQL writes them in a constraint, without expressions. */
  readonly keyList: string | null
  /** The constraint that the index stands behind. */
  readonly constraint: {
    readonly name: string
    readonly definition: string
    readonly isDeferrable: boolean
    readonly comment: string | null
  } | null
  readonly comment: string | null
  readonly options: readonly string[]
  /** Statistics targets of its expressions, by the number of the index's column. */
  readonly statistics: readonly { readonly number: number; readonly target: number }[]
  /** Null for the database's own. */
  readonly tablespace: string | null
  readonly bytes: number
}

export type ConstraintDescription = {
  readonly name: string
  readonly definition: string
  readonly isValidated: boolean
  readonly comment: string | null
}

export type ForeignKeyDescription = ConstraintDescription & {
  /** Whether the table points to itself. */
  readonly isSelf: boolean
  /** The columns it points to. */
  readonly refersTo: readonly string[]
  /** Whether the table it points to is unlogged, which a partitioned table, being permanent, may not point to. */
  readonly isToUnlogged: boolean
}

export type SequenceDescription = {
  readonly schema: string
  readonly name: string
  readonly column: string
  readonly dependency: "a" | "i"
  /** As CREATE SEQUENCE takes them: start, increment, limits, cache, cycle. */
  readonly options: string
}

export type StatisticsDescription = {
  readonly schema: string
  readonly name: string
  /** Statistics have an owner of their own. */
  readonly owner: string
  /** What follows the name in CREATE STATISTICS, up to FROM: ` (ndistinct) ON a, b`. */
  readonly body: string
  /** The statistics target; null for the default. */
  readonly target: number | null
  readonly comment: string | null
}
