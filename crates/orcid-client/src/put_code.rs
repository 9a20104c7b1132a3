//! ORCID's numbers for the things it keeps.

use std::fmt;
use std::str::FromStr;

/// Why a text or number is not a put-code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a put-code: ORCID numbers its items with positive 64-bit integers")]
pub struct PutCodeError;

macro_rules! put_code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The number itself; always positive.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = PutCodeError;

            fn try_from(number: i64) -> Result<Self, PutCodeError> {
                if number > 0 { Ok(Self(number)) } else { Err(PutCodeError) }
            }
        }

        impl FromStr for $name {
            type Err = PutCodeError;

            /// Takes decimal digits only: no sign, no space.
            fn from_str(text: &str) -> Result<Self, PutCodeError> {
                if !text.bytes().all(|c| c.is_ascii_digit()) {
                    return Err(PutCodeError);
                }
                text.parse::<i64>().map_err(|_| PutCodeError)?.try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

put_code! {
    /// Names one membership on a person's record (ORCID API v3.0, `put-code`).
    PutCode
}

put_code! {
    /// Names one permission notification in a person's inbox (ORCID API v3.0, `put-code`).
    ///
    /// A type of its own: memberships and notifications are numbered separately.
    NotificationPutCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_positive_decimal_numbers_only() {
        assert_eq!("4711".parse::<PutCode>().unwrap().get(), 4711);
        assert_eq!(
            "9223372036854775807".parse::<PutCode>().unwrap().get(),
            i64::MAX
        );
        for text in [
            "",
            "0",
            "-1",
            "+1",
            " 1",
            "1 ",
            "0x1",
            "9223372036854775808",
            "abc",
        ] {
            assert_eq!(text.parse::<PutCode>(), Err(PutCodeError), "{text:?}");
        }
    }
}
