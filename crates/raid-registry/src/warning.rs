//! What was accepted although something is not right: told in a header, because response types never
//! gain members.

use std::collections::BTreeSet;

use actix_web::http::header::{HeaderName, HeaderValue};

/// The members, such as `title[0].text`, that a client does well to look at again.
pub(crate) const VALIDATION_WARNING: HeaderName = HeaderName::from_static("validation-warning");
/// Most members that are named.
const MOST: usize = 50;

/// The header's value, if there is anything to name.
pub(crate) fn text(fields: &BTreeSet<String>) -> Option<String> {
    let named: Vec<&str> = fields.iter().take(MOST).map(String::as_str).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// The header, if there is anything to name.
pub(crate) fn header(fields: &BTreeSet<String>) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::try_from(text(fields)?).ok()?;
    Some((VALIDATION_WARNING, value))
}
