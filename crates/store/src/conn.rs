//! One connection type over both databases.

use crate::types::{AsText, DbJson, DbUuid, Id, Json, LossyText};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, Text};

/// A live connection to either database.
///
/// Ordinary diesel queries run on it directly; what `MultiConnection` cannot express
/// (batch inserts, upserts, `SKIP LOCKED`) goes through [`per_backend!`].
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL, or an engine that speaks its protocol.
    Postgres(diesel::PgConnection),
    /// The embedded default.
    Sqlite(diesel::SqliteConnection),
}

/// Rows that one statement inserts at most: a statement takes 32 766 parameters on SQLite and
/// 65 535 on PostgreSQL, and our widest rows have 16 columns.
pub(crate) const ROWS_A_STATEMENT: usize = 1000;

/// Type-checks one body against each native connection.
macro_rules! per_backend {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::conn::Conn::Postgres($c) => $body,
            $crate::conn::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use per_backend;

macro_rules! multi_type {
    ($sql:ty, $rust:ty) => {
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
        impl ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((<$sql>::default(), self));
                Ok(IsNull::No)
            }
        }
        impl FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(v: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                v.from_sql::<$rust, $sql>()
            }
        }
    };
}
multi_type!(DbUuid, Id);
multi_type!(DbJson, Json);

impl<T> ToSql<Text, MultiBackend> for AsText<T>
where
    T: std::fmt::Display + std::fmt::Debug,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Text, self.as_str()));
        Ok(IsNull::No)
    }
}

impl FromSql<Text, MultiBackend> for LossyText {
    fn from_sql(v: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        v.from_sql::<LossyText, Text>()
    }
}

/// A query with the condition that a column is one of some keys. The statement for one key is prepared once
/// for a connection; one for a list of keys is prepared each time, which takes longer than to run it.
macro_rules! by_keys {
    ($column:expr, $keys:expr, |$condition:ident| $query:expr) => {
        match $keys {
            [one] => {
                let $condition = $column.eq(one);
                $query
            }
            keys => {
                let $condition = $column.eq_any(keys);
                $query
            }
        }
    };
}
pub(crate) use by_keys;
