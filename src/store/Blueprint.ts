import type { TableName } from "../domain/tableName.ts"
import type { ForeignKeyDescription, TableDescription } from "../postgres/catalog/TableDescription.ts"

/** What the source looked like when writes were guarded, and what the target gets because of it. */
export type Blueprint = {
  readonly source: TableDescription
  /** The columns that a copy writes: all but the generated ones. */
  readonly columns: readonly string[]
  readonly indexes: readonly PlannedIndex[]
  /** The columns that tell one row of the source from another; null where nothing does. */
  readonly identity: readonly string[] | null
  /** Foreign keys of other tables that point to the source. */
  readonly incomingKeys: readonly IncomingKey[]
  /** The publications of the source that published partitioned tables under their own name already. */
  readonly viaRoot: readonly string[]
  /** Whether a fitting target was found instead of being made. */
  readonly isAdopted: boolean
  /** The OIDs of the partitions that an adopted target had. */
  readonly adoptedPartitions: readonly number[]
  /** Where the one partition ends that a relabelled table becomes; absent where rows are copied. */
  readonly boundary?: Boundary
  /** Where the source stands as a partition of another table; absent for a table of its own. */
  readonly place?: Place
}

/** A range of a partitioned table, the whole; bounds as PostgreSQL writes them, MINVALUE and MAXVALUE too. */
export type Place = {
  readonly whole: TableName
  readonly wholeOid: number
  readonly from: string
  readonly to: string
  /** Those of the whole to other tables, and of other tables to it. */
  readonly foreignKeys: readonly ForeignKeyDescription[]
  readonly incomingKeys: readonly IncomingKey[]
}

/** The first local day that is not history any more, and the same as text of the key's type, in UTC. */
export type Boundary = { readonly day: string; readonly edge: string }

/** A foreign key of another table; only one that holds the partition key can point to a partitioned table. */
export type IncomingKey = {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly holdsPartitionKey: boolean
  readonly isValidated: boolean
  readonly isOfPartitioned: boolean
}

/** An index or a key of the target and of each partition, as the source has it under `name`. */
export type PlannedIndex = {
  readonly name: string
  /** `constraint`: made by ALTER TABLE … ADD CONSTRAINT; `index`: by CREATE INDEX. */
  readonly kind: "constraint" | "index"
  readonly isUnique: boolean
  /** An exclusion constraint: ATTACH would not take one that a partition has already for its own, and build another. */
  readonly isExclusion: boolean
  /** What follows the name: `PRIMARY KEY (…)`, or ` USING btree (…)`. PostgreSQL's own text. */
  readonly body: string
}
