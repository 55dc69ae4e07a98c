import type { Migration } from '@promlet/sqlite'

/** The name of the database inside the store's folder, and of the file whose lock makes a process its only writer. */
export const DATABASE_FILE = 'store.db'
export const LOCK_FILE = 'lock'

/** 8 KiB: chunks of some hundred bytes leave little of a page unused, and a small commit still writes little. */
export const PAGE_BYTES = 8192

/** A store of this version and later ones can be read without a migration. */
export const READABLE_FROM = 1

/** What docs/format.md draws. Released steps never change; a change of format is a new step at the end. */
export const migrations: readonly Migration[] = [
  `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    index_generation INTEGER NOT NULL,
    block_generation INTEGER NOT NULL,
    batch_floor INTEGER NOT NULL
  );
  INSERT INTO state VALUES (1, 0, 0, 0);

  CREATE TABLE label_name (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
  CREATE TABLE label_pair (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name INTEGER NOT NULL REFERENCES label_name (id),
    value TEXT NOT NULL,
    UNIQUE (name, value)
  );
  CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, pairs BLOB NOT NULL UNIQUE);
  CREATE TABLE posting (
    pair INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    length INTEGER NOT NULL,
    ids BLOB NOT NULL,
    PRIMARY KEY (pair, first)
  ) WITHOUT ROWID;

  CREATE TABLE layout (id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL);
  CREATE TABLE layout_part (
    layout INTEGER NOT NULL REFERENCES layout (id),
    start INTEGER NOT NULL,
    ids BLOB NOT NULL,
    PRIMARY KEY (layout, start)
  ) WITHOUT ROWID;
  CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    layout INTEGER,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    data BLOB NOT NULL
  );

  CREATE TABLE damaged_batch (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    layout INTEGER,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    data BLOB NOT NULL
  );

  CREATE TABLE series_set (id INTEGER PRIMARY KEY AUTOINCREMENT, ids BLOB NOT NULL);
  CREATE TABLE block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    series INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    late INTEGER NOT NULL,
    level INTEGER NOT NULL,
    series_set INTEGER NOT NULL REFERENCES series_set (id),
    first_chunk INTEGER NOT NULL,
    times BLOB NOT NULL
  );
  CREATE TABLE chunk (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

  CREATE TABLE exemplar (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    series INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    data BLOB NOT NULL
  );
  CREATE INDEX exemplar_of_series ON exemplar (series, at_ms);
  CREATE TABLE metadata (
    metric TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    help TEXT NOT NULL,
    unit TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  // Version 2: batches and chunks may have start timestamps. What version 1 wrote is valid as it is, so there is nothing to
  // do; a program that knows version 1 only refuses the file, since it would read such batches wrongly.
  '',
]
