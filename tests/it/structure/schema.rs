//! The database: what its migrations make, what they leave behind, and how diesel sees it.

use std::fmt::Write as _;

use calibrant::store::MIGRATIONS;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::MigrationHarness;

use crate::support::{check_generated, fresh_database};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything the catalogue knows of our objects, a line each, in a fixed order.
const DESCRIBE: &str = "
    SELECT line FROM (
        SELECT format('column %s.%s %s null:%s default:%s identity:%s', table_name, lpad(ordinal_position::text, 3, '0')
            || ' ' || column_name, udt_name, is_nullable, column_default, is_identity) AS line
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT format('function %s', pg_get_functiondef(oid))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s', relkind, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('view %s.%s %s', schemaname, viewname, definition) FROM pg_views WHERE schemaname = 'bi'
    ) AS described WHERE line NOT LIKE '%__diesel_schema_migrations%' ORDER BY line COLLATE \"C\"";

fn describe(conn: &mut PgConnection) -> Vec<String> {
    lines(conn, DESCRIBE)
}

fn lines(conn: &mut PgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(query).load(conn).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn connect() -> PgConnection {
    PgConnection::establish(&fresh_database()).unwrap()
}

/// Each migration taken back leaves what was there before it, and made again, what was there after it.
#[test]
fn migrations_can_be_taken_back() {
    let mut conn = connect();
    let current = describe(&mut conn);
    assert!(current.len() > 100, "the description is not empty");
    let mut after = vec![current.clone()];
    while !conn.applied_migrations().unwrap().is_empty() {
        conn.revert_last_migration(MIGRATIONS).unwrap();
        after.push(describe(&mut conn));
    }
    assert_eq!(
        after.pop(),
        Some(Vec::new()),
        "the first down.sql leaves something behind"
    );
    while let Some(expected) = after.pop() {
        conn.run_next_migration(MIGRATIONS).unwrap();
        assert_eq!(describe(&mut conn), expected);
    }
    assert!(!conn.has_pending_migration(MIGRATIONS).unwrap());
    assert_eq!(describe(&mut conn), current);
}

/// Tables are spread over machines by project and hash: keys begin with the project, and nothing else is unique.
#[test]
fn large_tables_belong_to_projects() {
    /// Small tables, one copy of which every machine would have.
    const SMALL: [&str; 7] = [
        "projects",
        "api_keys",
        "cells",
        "fold_ranges",
        "fold_state",
        "link_secret",
        "sessions",
    ];
    let mut conn = connect();
    let unique = lines(
        &mut conn,
        "SELECT format('%s %s', c.relname, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]))
             AS line
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_\\_%' ORDER BY 1",
    );
    assert!(unique.iter().any(|line| line.starts_with("events ")), "{unique:?}");
    for line in unique {
        let (table, first) = line.split_once(' ').unwrap();
        assert!(
            SMALL.contains(&table) || first == "project_id",
            "a key of {table} begins with {first}"
        );
    }
}

#[test]
fn diesel_sees_the_tables_as_they_are() {
    check_generated("src/store/schema.rs", &render(&mut connect()));
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    udt_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// `schema.rs` of a migrated database: tables by name, columns in their order.
fn render(conn: &mut PgConnection) -> String {
    let columns: Vec<ColumnRow> = diesel::sql_query(
        "SELECT c.table_name::text, c.column_name::text, c.udt_name::text, c.is_nullable = 'YES' AS nullable
         FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name
             AND p.relnamespace = 'public'::regnamespace AND p.relkind IN ('r', 'p') AND NOT p.relispartition
         WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%' ORDER BY c.table_name COLLATE \"C\", c.ordinal_position",
    )
    .load(conn)
    .unwrap();
    let mut text = String::from(
        "//! The tables as diesel sees them. Generated from the migrated database; renewed with `make generate`.\n",
    );
    let mut tables = Vec::new();
    for own in columns.chunk_by(|one, other| one.table_name == other.table_name) {
        let table = &own[0].table_name;
        let key = primary_key(conn, table);
        let _ = write!(text, "\ndiesel::table! {{\n    {table} ({key}) {{\n");
        for column in own {
            text.push_str(&render_column(column));
        }
        text.push_str("    }\n}\n");
        tables.push(format!("    {table},\n"));
    }
    let _ = write!(
        text,
        "\ndiesel::allow_tables_to_appear_in_same_query!(\n{});\n",
        tables.concat()
    );
    text
}

fn render_column(column: &ColumnRow) -> String {
    let name = &column.column_name;
    let kind = rust_type(&column.udt_name);
    let kind = if column.nullable {
        format!("Nullable<{kind}>")
    } else {
        kind
    };
    // Words of Rust get an underscore.
    if ["final", "type", "match", "ref"].contains(&name.as_str()) {
        return format!("        #[sql_name = \"{name}\"]\n        {name}_ -> {kind},\n");
    }
    format!("        {name} -> {kind},\n")
}

/// `int4` is `Int4`, `_text` is `Array<Text>`.
fn rust_type(name: &str) -> String {
    if let Some(element) = name.strip_prefix('_') {
        return format!("Array<{}>", rust_type(element));
    }
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

fn primary_key(conn: &mut PgConnection, table: &str) -> String {
    let query = format!(
        "SELECT a.attname::text AS line FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attnum = k.number
         WHERE i.indrelid = '{table}'::regclass AND a.attrelid = i.indrelid AND i.indisprimary ORDER BY k.place"
    );
    lines(conn, &query).join(", ")
}
