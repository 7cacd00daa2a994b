//! One database, SQLite or PostgreSQL, reached by the same SQL text; nothing here knows the product.
//!
//! A [`Tx`] is the only way in. It carries the time and the randomness of the work it belongs to, and a writing one can
//! only be committed with a [`Recorded`], which only the audit record (or a stated reason) hands out.

pub(crate) mod answers;
mod copy;
mod ids;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgConnection, PgPool, Postgres, Row as _, SqlSafeStr, Sqlite, SqliteConnection,
    SqlitePool, Transaction,
};
use uuid::Uuid;

use crate::clock::{Clock, Random};
use crate::operator::Operator;

pub use copy::schema;
pub use ids::*;

/// The schema, one set for both databases.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The database did not do what it was asked. Never shown to a caller; logged once.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database did not answer as asked")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what no version of ours writes.
    #[error("column {0} holds something unreadable")]
    Unreadable(String),
    /// Another process did the same thing since we looked.
    #[error("another process wrote the same thing first")]
    Overtaken,
    /// A demo was pointed at a live database, or the reverse.
    #[error("this database was made for {born}, and cannot be used for {asked}")]
    OtherWorld {
        /// What it was stamped with.
        born: World,
        /// What it was asked to be.
        asked: World,
    },
}

impl StoreError {
    /// Somebody else wrote the same key first.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Overtaken => true,
            Self::Database(sqlx::Error::Database(error)) => error.is_unique_violation(),
            _ => false,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// No room is left: SQLite's `FULL`, PostgreSQL's `disk_full`.
    pub fn is_full(&self) -> bool {
        matches!(self.code().as_deref(), Some("13" | "53100"))
    }

    /// It cannot be reached or written to: SQLite's `READONLY`, `IOERR` and `CANTOPEN` with what they are made of; PostgreSQL's
    /// read-only transaction, lost connections and closing down.
    pub fn is_away(&self) -> bool {
        let by_code = |code: &str| match code.parse::<u32>() {
            Ok(number) if code.len() < 5 => matches!(number & 0xff, 8 | 10 | 14),
            _ => code == "25006" || code.starts_with("08") || code.starts_with("57P"),
        };
        match self {
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
            // SQLite takes back by itself what could not be written, and is then asked to take back what is gone.
            Self::Database(sqlx::Error::Database(error)) if error.message().contains("no transaction is active") => {
                true
            }
            _ => self.code().is_some_and(|code| by_code(&code)),
        }
    }
}

/// Which world a database was made for: a demo never reaches a real destination, a live one never a simulated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// Generated pictures and simulators.
    Demo,
    /// The real thing.
    Live,
}

impl std::fmt::Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Demo => "demo",
            Self::Live => "live",
        })
    }
}

/// What a database did about traces of what was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoured {
    /// A file: overwritten, and its log emptied.
    Overwritten,
    /// A file: overwritten; somebody was reading, so its log is emptied later.
    Busy,
    /// A server: dead rows were vacuumed.
    Vacuumed,
    /// A server that did not let us.
    NotVacuumed,
}

/// An open database.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    clock: Clock,
    random: Random,
    operator: Arc<Operator>,
}

#[derive(Clone, Debug)]
enum Pools {
    /// One writer, several readers, one file.
    Sqlite { writer: SqlitePool, reader: SqlitePool },
    /// A server, for more than one machine.
    Postgres(PgPool),
}

impl Db {
    /// Opens or makes the SQLite file at `path`.
    pub async fn sqlite(path: &Path, clock: Clock, random: Random) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged write survives a power cut, not only a crash.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // A discarded data key is overwritten, not only unlinked (EV-12).
            .pragma("secure_delete", "on")
            .busy_timeout(std::time::Duration::from_secs(20))
            .disable_statement_logging();
        // A file does not go away between two uses, as a server may.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await?;
        let reader = pool().max_connections(4).connect_with(options.pragma("query_only", "on")).await?;
        Ok(Self { pools: Pools::Sqlite { writer, reader }, clock, random, operator: Arc::default() })
    }

    /// Connects to the PostgreSQL server at `address`.
    pub async fn postgres(address: &str, clock: Clock, random: Random) -> Result<Self, StoreError> {
        let options: sqlx::postgres::PgConnectOptions = address.parse()?;
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(12)
            .connect_with(options.disable_statement_logging())
            .await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self { pools: Pools::Postgres(pool), clock, random, operator: Arc::default() })
    }

    /// For whom work is done here.
    #[must_use]
    pub fn of(self, operator: Operator) -> Self {
        Self { operator: Arc::new(operator), ..self }
    }

    /// Stamps a new database with its world and a mark of its own, and refuses one of another world than was asked for. Without a word it is what it
    /// was made for, and a new one is live.
    pub async fn born(&self, asked: Option<World>) -> Result<(World, Uuid), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(
            "INSERT INTO birth (world, born_at, mark, one) SELECT $1, $2, $3, 1
             WHERE NOT EXISTS (SELECT 1 FROM birth)",
            &[asked.unwrap_or(World::Live).to_string().into(), tx.now().into(), tx.id::<Uuid>().into()],
        )
        .await?;
        let (stamp, mark): (String, Uuid) = match tx.row("SELECT world, mark FROM birth", &[]).await? {
            Some(row) => (row.get("world")?, row.get("mark")?),
            None => return Err(StoreError::Unreadable("birth.world".to_owned())),
        };
        tx.commit(Recorded::unrecorded("the stamp of birth comes before there is a record")).await?;
        let born = if stamp == "demo" { World::Demo } else { World::Live };
        match asked {
            Some(asked) if asked != born => Err(StoreError::OtherWorld { born, asked }),
            _ => Ok((born, mark)),
        }
    }

    /// Begins work that may change something.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            // IMMEDIATE: the lock is taken now, so that no reader turns writer too late and fails.
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        Ok(self.tx(inner))
    }

    /// Begins work that only reads. It sees one state of the database and is never committed.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { reader, .. } => Inner::Sqlite(reader.begin().await?),
            Pools::Postgres(pool) => {
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(self.tx(inner))
    }

    /// Begins work that reads once. On SQLite this spares the transaction around the one statement, which each request pays.
    pub async fn glance(&self) -> Result<Tx, StoreError> {
        match &self.pools {
            Pools::Sqlite { reader, .. } => Ok(self.tx(Inner::Glance(reader.acquire().await?))),
            Pools::Postgres(_) => self.read().await,
        }
    }

    fn tx(&self, inner: Inner) -> Tx {
        let (now, random, operator) = (self.clock.now(), self.random.clone(), Arc::clone(&self.operator));
        Tx { inner, now, random, operator, ids: AtomicU16::new(0) }
    }

    /// Takes discarded data keys out of the database's own files, as far as it can be asked to (EV-12).
    pub async fn scour(&self) -> Result<Scoured, StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                // Discarded rows are overwritten; what the log before them held goes when it is emptied. Nobody waits for readers.
                let mut writer = writer.acquire().await?;
                sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *writer).await?;
                let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *writer).await;
                sqlx::query("PRAGMA busy_timeout = 20000").execute(&mut *writer).await?;
                let busy: i64 = sqlx::Row::try_get(&emptied?, 0)?;
                Ok(if busy == 0 { Scoured::Overwritten } else { Scoured::Busy })
            }
            // Somebody else's table, or a server that does not let us: the certificate says so.
            Pools::Postgres(pool) => Ok(match sqlx::query("VACUUM data_keys").execute(pool).await {
                Ok(_) => Scoured::Vacuumed,
                Err(_) => Scoured::NotVacuumed,
            }),
        }
    }

    /// The clock that every piece of work here takes its time from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The randomness that ids and salts come from.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// Whether several processes may share this database.
    pub fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// Lets every connection go.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Proof that a change left its entry in the record, or a stated reason why none is needed.
#[must_use = "a change commits together with its audit entry"]
#[derive(Clone, Copy, Debug)]
pub struct Recorded(());

impl Recorded {
    /// Only `audit::record` makes these.
    pub(crate) fn by_audit() -> Self {
        Self(())
    }

    /// For the few writes that are not changes of state: say why. `git grep unrecorded` lists them all.
    pub fn unrecorded(_why: &'static str) -> Self {
        Self(())
    }
}

/// A piece of work on the database, at one time, with its own randomness.
pub struct Tx {
    inner: Inner,
    now: Timestamp,
    random: Random,
    operator: Arc<Operator>,
    ids: AtomicU16,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    /// Statements on their own; the connection refuses to write.
    Glance(PoolConnection<Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Tx {
    /// The one time of this work.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who the operator is, as the settings say: which laws a verb answers to.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The randomness of this work.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// A new id of the wanted kind.
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from(nth_uuid(self.now, self.ids.fetch_add(1, Ordering::Relaxed), &self.random))
    }

    /// Runs a statement; answers how many rows it touched.
    pub async fn execute(&mut self, sql: &'static str, args: &[Arg]) -> Result<u64, StoreError> {
        Ok(match self.connection() {
            Connection::Sqlite(on) => bind_sqlite(sql, args).execute(on).await?.rows_affected(),
            Connection::Postgres(on) => bind_postgres(sql, args).execute(on).await?.rows_affected(),
        })
    }

    /// All rows of a query.
    pub async fn rows(&mut self, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, StoreError> {
        Ok(match self.connection() {
            Connection::Sqlite(on) => {
                bind_sqlite(sql, args).fetch_all(on).await?.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(on) => {
                bind_postgres(sql, args).fetch_all(on).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if there is one.
    pub async fn row(&mut self, sql: &'static str, args: &[Arg]) -> Result<Option<Row>, StoreError> {
        Ok(match self.connection() {
            Connection::Sqlite(on) => bind_sqlite(sql, args).fetch_optional(on).await?.map(Row::Sqlite),
            Connection::Postgres(on) => bind_postgres(sql, args).fetch_optional(on).await?.map(Row::Postgres),
        })
    }

    /// Writes many rows in few statements: `ROWS` in it stands for their placeholders.
    pub async fn write_rows(&mut self, sql: &'static str, rows: &[Vec<Arg>]) -> Result<(), StoreError> {
        let wide = rows.first().map_or(1, Vec::len).max(1);
        for rows in rows.chunks((MOST_ARGS / wide).max(1)) {
            let values: Vec<String> = (0..rows.len()).map(|nth| placeholders(nth * wide + 1, wide)).collect();
            let args: Vec<Arg> = rows.iter().flatten().cloned().collect();
            self.made(sql.replace("ROWS", &values.join(", ")), &args).await.map(drop)?;
        }
        Ok(())
    }

    /// All rows of a query or a change about many things: `IDS` in it, after all other placeholders, stands for their ids.
    pub async fn rows_of<T: Copy>(&mut self, sql: &'static str, args: &[Arg], ids: &[T]) -> Result<Vec<Row>, StoreError>
    where
        Arg: From<T>,
    {
        let mut all = Vec::new();
        for ids in ids.chunks(MOST_ARGS - args.len()) {
            let args: Vec<Arg> = args.iter().cloned().chain(ids.iter().map(|id| Arg::from(*id))).collect();
            let list = placeholders(args.len() - ids.len() + 1, ids.len());
            all.extend(self.made(sql.replace("IDS", &list), &args).await?);
        }
        Ok(all)
    }

    /// A statement that was made from a written one and a number of placeholders, and nothing else.
    async fn made(&mut self, sql: String, args: &[Arg]) -> Result<Vec<Row>, StoreError> {
        // One row or a few come again and again; a statement of thousands is not worth remembering.
        let (sql, common) = (AssertSqlSafe(sql), args.len() <= 16);
        Ok(match self.connection() {
            Connection::Sqlite(on) => {
                let rows = bind_sqlite(sql, args).persistent(common).fetch_all(on).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(on) => {
                let rows = bind_postgres(sql, args).persistent(common).fetch_all(on).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    fn connection(&mut self) -> Connection<'_> {
        match &mut self.inner {
            Inner::Sqlite(tx) => Connection::Sqlite(tx),
            Inner::Glance(one) => Connection::Sqlite(one),
            Inner::Postgres(tx) => Connection::Postgres(tx),
        }
    }

    /// The next number of a counter, held until the commit: numbers become visible in the order they were given.
    pub async fn next_number(&mut self, counter: &'static str) -> Result<i64, StoreError> {
        match self
            .row("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value", &[counter.into()])
            .await?
        {
            Some(row) => row.get("value"),
            None => Err(StoreError::Unreadable(format!("counters.{counter}"))),
        }
    }

    /// The text for this database, where the two truly differ.
    pub fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) | Inner::Glance(_) => sqlite,
            Inner::Postgres(_) => postgres,
        }
    }

    /// Makes the work last.
    pub async fn commit(self, _proof: Recorded) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            // There is nothing to make last.
            Inner::Glance(_) => {}
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// So many placeholders stand in one statement at most. SQLite compares the name of each with all before it, so that a few
/// statements of a thousand are much faster than one of thirty thousand.
const MOST_ARGS: usize = 1_000;

/// `($3, $4, $5)`: so many placeholders from this number on.
fn placeholders(first: usize, count: usize) -> String {
    let each: Vec<String> = (first..first + count).map(|nth| format!("${nth}")).collect();
    format!("({})", each.join(", "))
}

/// The ids of many cases, plain.
pub(crate) fn uuids(cases: &[CaseId]) -> Vec<Uuid> {
    cases.iter().map(|case| case.0).collect()
}

/// A UUIDv7 (RFC 9562) from a time and random bits.
pub fn new_uuid(now: Timestamp, random: &Random) -> Uuid {
    nth_uuid(now, 0, random)
}

/// The same for the `nth` one of a piece of work: microseconds and this number stand before the random bits (RFC 9562,
/// section 6.2), so that ids sort as they were made.
fn nth_uuid(now: Timestamp, nth: u16, random: &Random) -> Uuid {
    let micros = u64::try_from(now.as_microsecond()).unwrap_or(0);
    // Ten bytes: twelve bits hold the microseconds, the next fourteen the number; the rest stays random.
    let mut rest: [u8; 10] = random.bytes();
    let [.., high, low] = (micros % 1_000).to_be_bytes();
    let [upper, lower] = nth.to_be_bytes();
    rest.iter_mut().zip([high, low, upper & 0x3f, lower]).for_each(|(byte, fixed)| *byte = fixed);
    uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &rest).into_uuid()
}

/// A value for a placeholder. Absent values keep their type, as PostgreSQL wants.
#[derive(Clone, Debug)]
pub enum Arg {
    /// An id.
    Id(Option<Uuid>),
    /// A number, or a time in microseconds.
    Int(Option<i64>),
    /// Text, or JSON as text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// Yes or no.
    Bool(bool),
}

macro_rules! args {
    ($($kind:ty => $arm:ident $convert:expr;)*) => {$(
        impl From<$kind> for Arg {
            fn from(value: $kind) -> Self {
                Self::$arm(Some($convert(value)))
            }
        }
        impl From<Option<$kind>> for Arg {
            fn from(value: Option<$kind>) -> Self {
                Self::$arm(value.map($convert))
            }
        }
    )*};
}
args! {
    Uuid => Id |v| v;
    i64 => Int |v| v;
    Timestamp => Int |v: Timestamp| v.as_microsecond();
    String => Text |v| v;
    &str => Text |v: &str| v.to_owned();
    Vec<u8> => Bytes |v| v;
    &[u8] => Bytes |v: &[u8]| v.to_vec();
}
impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

macro_rules! bind {
    ($name:ident, $db:ty, $arguments:ty) => {
        fn $name(sql: impl SqlSafeStr, args: &[Arg]) -> sqlx::query::Query<'static, $db, $arguments> {
            let mut query = sqlx::query::<$db>(sql);
            for arg in args {
                query = match arg.clone() {
                    Arg::Id(value) => query.bind(value),
                    Arg::Int(value) => query.bind(value),
                    Arg::Text(value) => query.bind(value),
                    Arg::Bytes(value) => query.bind(value),
                    Arg::Bool(value) => query.bind(value),
                };
            }
            query
        }
    };
}
bind!(bind_sqlite, Sqlite, sqlx::sqlite::SqliteArguments);
bind!(bind_postgres, Postgres, sqlx::postgres::PgArguments);

/// A row of an answer.
pub enum Row {
    /// From SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// From PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// The value of a column.
    pub fn get<T: Column>(&self, name: &str) -> Result<T, StoreError> {
        T::read(self, name)
    }

    /// A column that holds JSON as text.
    pub fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let text: String = self.get(name)?;
        serde_json::from_str(&text).map_err(|_| StoreError::Unreadable(name.to_owned()))
    }

    /// A column that holds one of our words, such as a state or a kind.
    pub fn word<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let text: String = self.get(name)?;
        word(&text).ok_or_else(|| StoreError::Unreadable(name.to_owned()))
    }
}

/// Reads one of our words, written as serde writes it.
pub fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// Writes one of our words as serde writes it.
pub fn as_word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Something that a column can hold.
pub trait Column: Sized {
    /// Reads it.
    fn read(row: &Row, name: &str) -> Result<Self, StoreError>;
}

macro_rules! columns {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(name)?,
                    Row::Postgres(row) => row.try_get(name)?,
                })
            }
        }
        impl Column for Option<$kind> {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(name)?,
                    Row::Postgres(row) => row.try_get(name)?,
                })
            }
        }
    )*};
}
columns!(i64, bool, String, Vec<u8>, Uuid);

impl Column for Timestamp {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Self::from_microsecond(row.get(name)?).map_err(|_| StoreError::Unreadable(name.to_owned()))
    }
}

impl Column for Option<Timestamp> {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        row.get::<Option<i64>>(name)?
            .map(|micros| Timestamp::from_microsecond(micros).map_err(|_| StoreError::Unreadable(name.to_owned())))
            .transpose()
    }
}
