//! All rows of all tables as lines of text and back: a backup that either database reads, whichever wrote it.
//!
//! A line is `{"table": …, "row": {column: value}}`; ids are `{"id": …}`, bytes `{"bytes": base64}`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::TryStreamExt as _;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Column as _, Row as _, ValueRef as _};
use uuid::Uuid;

use super::{Arg, Connection, MIGRATIONS, StoreError, Tx};

/// How many migrations this program knows: a backup is read by the version that wrote it, or one with the same schema.
pub fn schema() -> usize {
    MIGRATIONS.iter().count()
}

fn unreadable(what: &str) -> StoreError {
    StoreError::Unreadable(what.to_owned())
}

/// One value as JSON, by the type that its column was declared with.
macro_rules! value {
    ($row:expr, $at:expr, $declared:expr) => {
        match $declared {
            "UUID" => $row.try_get::<Option<Uuid>, _>($at)?.map(|id| json!({"id": id})),
            "BYTEA" | "BLOB" => $row.try_get::<Option<Vec<u8>>, _>($at)?.map(|bytes| json!({"bytes": BASE64.encode(bytes)})),
            "BOOLEAN" | "BOOL" => $row.try_get::<Option<bool>, _>($at)?.map(Value::from),
            "INT4" => $row.try_get::<Option<i32>, _>($at)?.map(Value::from),
            "BIGINT" | "INTEGER" | "INT8" => $row.try_get::<Option<i64>, _>($at)?.map(Value::from),
            _ => $row.try_get::<Option<String>, _>($at)?.map(Value::from),
        }
        .unwrap_or(Value::Null)
    };
}

fn named(name: &str) -> Result<&str, StoreError> {
    let good =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if good { Ok(name) } else { Err(unreadable("a name in the backup")) }
}

impl Tx {
    /// Our tables, in the order in which they were made: what others refer to comes first.
    pub async fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = self.dialect(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid",
            "SELECT relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relkind = 'r' AND nspname = current_schema() ORDER BY pg_class.oid",
        );
        let names = self.rows(sql, &[]).await?.iter().map(|row| row.get("name")).collect::<Result<Vec<String>, _>>()?;
        Ok(names.into_iter().filter(|name| name != "_sqlx_migrations").collect())
    }

    /// The declared types of a table's columns.
    async fn declared(&mut self, table: &str) -> Result<Vec<(String, String)>, StoreError> {
        let table = named(table)?.to_owned();
        let sql = self.dialect(
            "SELECT name, type AS declared FROM pragma_table_info($1) ORDER BY cid",
            "SELECT column_name::text AS name, upper(udt_name)::text AS declared FROM information_schema.columns
             WHERE table_name = $1 AND table_schema = current_schema() ORDER BY ordinal_position",
        );
        let rows = self.rows(sql, &[table.into()]).await?;
        rows.iter().map(|row| Ok((row.get("name")?, row.get::<String>("declared")?.to_ascii_uppercase()))).collect()
    }

    /// Gives each row of a table as a line of the backup.
    pub async fn each_row(
        &mut self,
        table: &str,
        mut line: impl FnMut(&Value) -> std::io::Result<()>,
    ) -> Result<u64, StoreError> {
        let types: std::collections::HashMap<String, String> = self.declared(table).await?.into_iter().collect();
        let declared = |name: &str| types.get(name).map_or("TEXT", String::as_str).to_owned();
        let sql = format!("SELECT * FROM {}", named(table)?);
        let mut count = 0;
        let mut give = |row: Map<String, Value>| {
            count += 1;
            line(&json!({"table": table, "row": row})).map_err(|error| StoreError::Database(sqlx::Error::Io(error)))
        };
        macro_rules! each {
            ($on:expr) => {{
                let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch($on);
                while let Some(row) = rows.try_next().await? {
                    let mut values = Map::new();
                    for (at, column) in row.columns().iter().enumerate() {
                        // What a dialect calls a type in a row, where the catalogue has no word for it.
                        let raw = row.try_get_raw(at)?;
                        let kind = if raw.is_null() { "TEXT".to_owned() } else { declared(column.name()) };
                        values.insert(column.name().to_owned(), value!(row, at, kind.as_str()));
                    }
                    give(values)?;
                }
            }};
        }
        match self.connection() {
            Connection::Sqlite(on) => each!(on),
            Connection::Postgres(on) => each!(on),
        }
        Ok(count)
    }

    /// Takes everything out of a table.
    pub async fn empty(&mut self, table: &str) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM {}", named(table)?);
        self.run(sql, &[]).await
    }

    /// Puts a line of a backup back.
    pub async fn put_row(&mut self, line: &Value) -> Result<(), StoreError> {
        let table = line["table"].as_str().ok_or_else(|| unreadable("the backup"))?;
        let row = line["row"].as_object().ok_or_else(|| unreadable("the backup"))?;
        let (mut columns, mut places, mut args) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in row {
            columns.push(named(name)?);
            let arg = match value {
                Value::Null => None,
                Value::Bool(value) => Some(Arg::Bool(*value)),
                Value::Number(value) => Some(Arg::Int(value.as_i64())),
                Value::String(value) => Some(Arg::Text(Some(value.clone()))),
                Value::Object(tagged) => match (tagged.get("id"), tagged.get("bytes")) {
                    (Some(Value::String(id)), None) => Some(Arg::Id(id.parse().ok())),
                    (None, Some(Value::String(bytes))) => Some(Arg::Bytes(BASE64.decode(bytes).ok())),
                    _ => return Err(unreadable("the backup")),
                },
                Value::Array(_) => return Err(unreadable("the backup")),
            };
            match arg {
                None => places.push("NULL".to_owned()),
                Some(arg) => {
                    args.push(arg);
                    places.push(format!("${}", args.len()));
                }
            }
        }
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", named(table)?, columns.join(", "), places.join(", "));
        self.run(sql, &args).await
    }

    async fn run(&mut self, sql: String, args: &[Arg]) -> Result<(), StoreError> {
        macro_rules! bound {
            ($on:expr) => {{
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for arg in args {
                    query = match arg.clone() {
                        Arg::Id(value) => query.bind(value),
                        Arg::Int(value) => query.bind(value),
                        Arg::Text(value) => query.bind(value),
                        Arg::Bytes(value) => query.bind(value),
                        Arg::Bool(value) => query.bind(value),
                    };
                }
                query.execute($on).await?;
            }};
        }
        match self.connection() {
            Connection::Sqlite(on) => bound!(on),
            Connection::Postgres(on) => bound!(on),
        }
        Ok(())
    }
}
