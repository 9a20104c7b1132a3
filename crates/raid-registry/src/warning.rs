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
    let more = match fields.len() - named.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    (!named.is_empty()).then(|| named.join(", ") + &more)
}

/// The header, if there is anything to name.
pub(crate) fn header(fields: &BTreeSet<String>) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::try_from(text(fields)?).ok()?;
    Some((VALIDATION_WARNING, value))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn what_is_not_named_is_counted() {
        let fields = |number| (10..10 + number).map(|it| format!("m{it}")).collect();
        assert_eq!(text(&fields(0)), None);
        assert_eq!(text(&fields(2)).unwrap(), "m10, m11");
        assert!(text(&fields(53)).unwrap().ends_with("m59, and 3 more"));
    }
}
