//! Portable column types: one Rust type, two wire formats.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlType, Text};
use diesel::sqlite::Sqlite;
use std::fmt::{Debug, Display};
use std::io::Write;
use std::str::FromStr;

/// A moment in UTC with microsecond precision, as both databases keep it.
pub type Timestamp = time::PrimitiveDateTime;

/// `UUID` on PostgreSQL, `BLOB` on SQLite.
#[derive(Debug, Default, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct DbUuid;

/// `JSONB` on PostgreSQL, `TEXT` on SQLite.
#[derive(Debug, Default, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
#[diesel(sqlite_type(name = "Text"))]
pub struct DbJson;

/// A row's identifier: a UUID version 7, so that new rows sort last.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    AsExpression,
    FromSqlRow,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
#[diesel(sql_type = DbUuid)]
pub struct Id(pub uuid::Uuid);

impl Id {
    /// A new identifier whose time part is `at`.
    pub fn new(at: Timestamp) -> Self {
        let at = at.assume_utc();
        let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
        let stamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, at.nanosecond());
        Self(uuid::Uuid::new_v7(stamp))
    }
}
impl Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.0, f)
    }
}
impl FromStr for Id {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
impl ToSql<DbUuid, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}
impl FromSql<DbUuid, Pg> for Id {
    fn from_sql(v: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Id(uuid::Uuid::from_slice(v.as_bytes())?))
    }
}
impl ToSql<DbUuid, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <[u8] as ToSql<Binary, Sqlite>>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}
impl FromSql<DbUuid, Sqlite> for Id {
    fn from_sql(v: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let b = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(v)?;
        Ok(Id(uuid::Uuid::from_slice(&b)?))
    }
}

/// A JSON document kept as text: read and written without a parse.
///
/// PostgreSQL prints its own spelling of the same document, so hash and compare a canonical
/// form, never this text.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = DbJson)]
pub struct Json(pub String);

const JSONB_VERSION: u8 = 1;

impl ToSql<DbJson, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}
impl FromSql<DbJson, Pg> for Json {
    fn from_sql(v: PgValue<'_>) -> deserialize::Result<Self> {
        let text = v.as_bytes().get(1..).unwrap_or_default();
        Ok(Json(std::str::from_utf8(text)?.to_owned()))
    }
}
impl ToSql<DbJson, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <str as ToSql<Text, Sqlite>>::to_sql(self.0.as_str(), out)
    }
}
impl FromSql<DbJson, Sqlite> for Json {
    fn from_sql(v: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Json(<String as FromSql<Text, Sqlite>>::from_sql(v)?))
    }
}

/// A domain identifier (`OrcidId`, `Handle`, …) kept in a text column in its printed form.
#[derive(Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct AsText<T: Debug> {
    value: T,
    printed: String,
}

impl<T: Display + Debug> From<T> for AsText<T> {
    fn from(value: T) -> Self {
        let printed = value.to_string();
        Self { value, printed }
    }
}
impl<T: Debug> AsText<T> {
    /// The identifier itself.
    pub fn get(&self) -> &T {
        &self.value
    }
    /// The identifier itself, owned.
    pub fn into_inner(self) -> T {
        self.value
    }
    /// Its printed form, as kept in the database.
    pub fn as_str(&self) -> &str {
        &self.printed
    }
}
impl<T: Debug> Debug for AsText<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(f)
    }
}
impl<T: Display + Debug> ToSql<Text, Pg> for AsText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(&self.printed, out)
    }
}
impl<T: Display + Debug> ToSql<Text, Sqlite> for AsText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <str as ToSql<Text, Sqlite>>::to_sql(&self.printed, out)
    }
}
impl<T, DB> FromSql<Text, DB> for AsText<T>
where
    T: FromStr + Debug,
    T::Err: std::error::Error + Send + Sync + 'static,
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(v: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let printed = String::from_sql(v)?;
        let value = printed.parse::<T>().map_err(Box::new)?;
        Ok(Self { value, printed })
    }
}

/// Text that is read whatever its bytes are: SQLite keeps any. Those that are no text become U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromSqlRow)]
pub(crate) struct LossyText(String);

impl LossyText {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
impl Display for LossyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<LossyText> for String {
    fn from(text: LossyText) -> Self {
        text.0
    }
}
impl FromSql<Text, Pg> for LossyText {
    fn from_sql(v: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(String::from_utf8_lossy(v.as_bytes()).into_owned()))
    }
}
impl FromSql<Text, Sqlite> for LossyText {
    fn from_sql(v: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(v)?;
        Ok(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Declares an enum kept as plain `TEXT` with a `CHECK`, alike on both databases.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }
        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The word kept in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(v: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(v)?;
                match text.as_str() {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!("unknown {} in the database: {other}", stringify!($name)).into()),
                }
            }
        }
    };
}
pub(crate) use text_enum;
