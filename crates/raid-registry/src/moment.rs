//! Moments in cursors: microseconds since 1970, as precise as the databases keep them.

use store::Timestamp;
use time::OffsetDateTime;

/// As an integer in JSON, for `#[serde(with = …)]`.
pub(crate) mod micros {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use store::Timestamp;

    #[allow(clippy::trivially_copy_pass_by_ref)] // The signature that serde asks for.
    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(super::micros_of(*at))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let micros = i64::deserialize(from)?;
        super::at(micros).ok_or_else(|| D::Error::custom("out of range"))
    }
}

fn micros_of(at: Timestamp) -> i64 {
    let at = at.assume_utc();
    at.unix_timestamp() * 1_000_000 + i64::from(at.microsecond())
}

fn at(micros: i64) -> Option<Timestamp> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
    Some(Timestamp::new(at.date(), at.time()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_was_written(micros in -10_000_000_000_000_000..10_000_000_000_000_000_i64) {
            prop_assert_eq!(super::micros_of(super::at(micros).unwrap()), micros);
        }

        #[test]
        fn no_number_is_too_large(micros: i64) {
            let _ = super::at(micros);
        }
    }
}
