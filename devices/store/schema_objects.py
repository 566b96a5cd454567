"""What is in a database's schema: every table, index, constraint, trigger and function, as the engine tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from devices.store.database import Row, Store

# By hand: each engine's own catalogue, of which there are no tables to build from.
# Each query gives (kind, name, definition). A table's name is in its parts' names, so that a reader finds them.
SQLITE_OBJECTS = (
    """SELECT type, name, COALESCE(sql, 'ON ' || tbl_name) FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name""",
)
POSTGRESQL_OBJECTS = (
    """SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
              c.relname,
              c.relkind::text || c.relpersistence::text || c.relrowsecurity::text ||
              CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END
       FROM pg_class c
       WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I', 'c', 't')""",
    # Its place among the columns there are: its number counts those that were dropped, until the table is restored.
    """SELECT 'column', c.relname || '.' || a.attname,
              concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
                        format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                        a.attgenerated, l.collname, pg_get_expr(d.adbin, d.adrelid))
       FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       LEFT JOIN pg_collation l ON l.oid = a.attcollation
       WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't')
         AND a.attnum > 0 AND NOT a.attisdropped""",
    # A foreign key is kept by hidden triggers, which can be disabled one by one.
    """SELECT 'constraint', n.conrelid::regclass || '.' || n.conname,
              concat_ws(' ', n.contype, n.convalidated, pg_get_constraintdef(n.oid),
                        (SELECT string_agg(t.tgenabled::text, '' ORDER BY t.tgrelid::regclass::text, t.tgtype)
                         FROM pg_trigger t WHERE t.tgconstraint = n.oid))
       FROM pg_constraint n WHERE n.connamespace = current_schema()::regnamespace AND n.conrelid <> 0""",
    """SELECT 'index', c.relname, concat_ws(' ', i.indisvalid, pg_get_indexdef(i.indexrelid))
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE c.relnamespace = current_schema()::regnamespace""",
    """SELECT 'trigger', c.relname || '.' || t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
       WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal""",
    """SELECT 'rule', c.relname || '.' || r.rulename, concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
       FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
       WHERE c.relnamespace = current_schema()::regnamespace AND r.rulename <> '_RETURN'""",
    """SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
              pg_get_functiondef(p.oid)
       FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')""",
)
OBJECTS = {"sqlite": SQLITE_OBJECTS, "postgresql": POSTGRESQL_OBJECTS}


def definitions_of(store: Store) -> Iterator[Row]:
    """Every object of the schema: kind, name and definition, such as `trigger`, `line_no_update` and its text."""
    for query in OBJECTS[store.engine]:
        yield from store.rows(query)


def objects_of(store: Store) -> dict[str, str]:
    """Every object of the schema, `trigger line_no_update`, with the SHA-256 (hex) of its definition."""
    return {
        f"{kind} {name}": hashlib.sha256(definition.encode()).hexdigest()
        for kind, name, definition in definitions_of(store)
    }


def schema_fingerprint(store: Store) -> str:
    """SHA-256 (hex) over every table, column, index, constraint, trigger and trigger function of the schema."""
    whole = hashlib.sha256()
    for name, digest in sorted(objects_of(store).items()):
        whole.update(f"{len(name)}:{name}{digest}".encode())
    return whole.hexdigest()
