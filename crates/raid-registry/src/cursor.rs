//! Opaque cursors: where a page of a list ended, and the link to what follows.
//!
//! A cursor is a small value, sealed with the keys of the store in the name of the list and its
//! version (`changes/1`), in the URL-safe Base64 of RFC 4648 §5. All nodes have these keys. Nobody else
//! reads a cursor, which may tell how much there is that its reader does not see, or makes one: one of
//! another list, of an older form of the same list, or one that was changed, is refused.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use raid_model::{ErrorType, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{KeyRing, StoreError};
use url::form_urlencoded;

/// The cursor of a list that goes on behind `at`.
///
/// # Errors
/// [`StoreError::Corrupt`] when the value cannot be written as JSON.
pub(crate) fn write<T: Serialize>(
    keys: &KeyRing,
    list: &str,
    at: &T,
) -> Result<String, StoreError> {
    let json = serde_json::to_string(at);
    let json = json.map_err(|e| StoreError::Corrupt(format!("a cursor: {e}")))?;
    Ok(URL_SAFE_NO_PAD.encode(keys.seal(&owner(list), &json)?))
}

/// Where a list is to go on.
///
/// # Errors
/// A failure that names the parameter that `text` came in, when it is no cursor of this list.
pub(crate) fn read<T: DeserializeOwned>(
    keys: &KeyRing,
    list: &str,
    parameter: &str,
    text: &str,
) -> Result<T, Failure> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok();
    let json = sealed.and_then(|sealed| keys.open(&owner(list), &sealed).ok());
    json.and_then(|json| serde_json::from_str(&json).ok())
        .ok_or_else(|| Failure {
            field_id: parameter.to_owned(),
            error_type: ErrorType::InvalidValue,
            message: "has invalid/unsupported value - write a cursor of this list as it was \
                      answered, or leave it out to begin again"
                .to_owned(),
        })
}

/// For whom a cursor is sealed, which no person's iD and no row's key is.
fn owner(list: &str) -> String {
    format!("cursor {list}")
}

/// The `Link` header to the next page (RFC 8288): the address of this request below `public_url`, with
/// the cursor in its parameter. It is absolute because many clients do not resolve a relative one.
pub(crate) fn link_next(
    public_url: &str,
    req: &HttpRequest,
    parameter: &str,
    cursor: &str,
) -> (HeaderName, String) {
    let others = form_urlencoded::parse(req.query_string().as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others.filter(|(name, _)| name != parameter))
        .append_pair(parameter, cursor)
        .finish();
    let base = public_url.trim_end_matches('/');
    let link = format!("<{base}{}?{query}>; rel=\"next\"", req.uri().path());
    (header::LINK, link)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use store::KeyRing;

    use super::{link_next, read, write};

    fn keys(byte: u8) -> KeyRing {
        KeyRing::new(&[byte; 32], &[])
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(at: (i64, String)) {
            let cursor = write(&keys(1), "raids/1", &at).unwrap();
            prop_assert_eq!(read(&keys(1), "raids/1", "cursor", &cursor), Ok(at));
            prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        }

        #[test]
        fn no_text_is_misread(text: String) {
            let failure = read::<i64>(&keys(1), "raids/1", "cursor", &text).unwrap_err();
            prop_assert_eq!(failure.field_id, "cursor");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let keys = keys(1);
        let cursor = write(&keys, "raids/1", &7).unwrap();
        assert!(read::<i64>(&keys, "raids/2", "cursor", &cursor).is_err());
        assert!(read::<String>(&keys, "raids/1", "cursor", &cursor).is_err());
        assert!(read::<i64>(&keys, "raids/1", "cursor", &cursor[1..]).is_err());
    }

    #[test]
    fn nobody_reads_changes_or_makes_a_cursor() {
        let cursor = write(&keys(1), "changes/1", &123_456_789).unwrap();
        let sealed = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!sealed.windows(9).any(|bytes| bytes == b"123456789"));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            let read = read::<i64>(&keys(1), "changes/1", "after", &changed);
            assert!(read.is_err(), "byte {at}");
        }
        assert!(read::<i64>(&keys(2), "changes/1", "after", &cursor).is_err());
        let made_up = URL_SAFE_NO_PAD.encode(r#"["changes/1",7]"#);
        assert!(read::<i64>(&keys(1), "changes/1", "after", &made_up).is_err());
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        for (uri, link) in [
            ("/v1/changes", "/v1/changes?after=c"),
            (
                "/v1/changes?limit=5&%61fter=b&q=%22a%3E%20b%22&after=a",
                "/v1/changes?limit=5&q=%22a%3E+b%22&after=c",
            ),
        ] {
            let req = TestRequest::with_uri(uri).to_http_request();
            for public_url in ["https://a.example/", "https://a.example/raid-api"] {
                let base = public_url.trim_end_matches('/');
                let link = format!("<{base}{link}>; rel=\"next\"");
                assert_eq!(link_next(public_url, &req, "after", "c").1, link);
            }
        }
    }
}
