//! Times as ORCID writes them.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const XML: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const PAGE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");

/// `xs:dateTime` in UTC with milliseconds.
pub(crate) fn timestamp(time: OffsetDateTime) -> String {
    time.to_utc().format(XML).unwrap_or_default()
}

/// For pages: date and minute, UTC.
pub(crate) fn page_time(time: OffsetDateTime) -> String {
    time.to_utc().format(PAGE).unwrap_or_default()
}

/// Milliseconds since 1970, as in ORCID's JSON.
pub(crate) fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
