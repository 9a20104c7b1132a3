//! Opaque cursors: where a page of a list ended, and the link to what follows.
//!
//! A cursor is the list's name with a version (`changes/1`) and a small value, as JSON in the
//! URL-safe Base64 of RFC 4648 §5. Clients keep it as it is; one of another list, or of an older
//! form of the same list, is refused and never misread.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use raid_model::{ErrorType, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;
use url::form_urlencoded;

/// The cursor of a list that goes on behind `at`.
///
/// # Errors
/// [`StoreError::Corrupt`] when the value cannot be written as JSON.
pub(crate) fn write<T: Serialize>(list: &str, at: &T) -> Result<String, StoreError> {
    let json = serde_json::to_vec(&(list, at));
    let json = json.map_err(|e| StoreError::Corrupt(format!("a cursor: {e}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Where a list is to go on.
///
/// # Errors
/// A failure that names the parameter that `text` came in, when it is no cursor of this list.
pub(crate) fn read<T: DeserializeOwned>(
    list: &str,
    parameter: &str,
    text: &str,
) -> Result<T, Failure> {
    let json = URL_SAFE_NO_PAD.decode(text).ok();
    let read = json.and_then(|json| serde_json::from_slice::<(String, T)>(&json).ok());
    match read {
        Some((named, at)) if named == list => Ok(at),
        _ => Err(Failure {
            field_id: parameter.to_owned(),
            error_type: ErrorType::InvalidValue,
            message: "has invalid/unsupported value - write a cursor of this list as it was \
                      answered, or leave it out to begin anew"
                .to_owned(),
        }),
    }
}

/// The `Link` header to the next page (RFC 8288): the address of this request, with the cursor in
/// its parameter.
pub(crate) fn link_next(req: &HttpRequest, parameter: &str, cursor: &str) -> (HeaderName, String) {
    let others = form_urlencoded::parse(req.query_string().as_bytes());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others.filter(|(name, _)| name != parameter))
        .append_pair(parameter, cursor)
        .finish();
    let link = format!("<{}?{query}>; rel=\"next\"", req.uri().path());
    (header::LINK, link)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::{link_next, read, write};

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(at: (i64, String)) {
            let cursor = write("raids/1", &at).unwrap();
            prop_assert_eq!(read("raids/1", "cursor", &cursor), Ok(at));
            prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        }

        #[test]
        fn no_text_is_misread(text: String) {
            let failure = read::<i64>("raids/1", "cursor", &text).unwrap_err();
            prop_assert_eq!(failure.field_id, "cursor");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = write("raids/1", &7).unwrap();
        assert!(read::<i64>("raids/2", "cursor", &cursor).is_err());
        assert!(read::<String>("raids/1", "cursor", &cursor).is_err());
        assert!(read::<i64>("raids/1", "cursor", &cursor[1..]).is_err());
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        for (uri, link) in [
            ("/v1/changes", "</v1/changes?after=c>; rel=\"next\""),
            (
                "/v1/changes?limit=5&%61fter=b&q=%22a%3E%20b%22&after=a",
                "</v1/changes?limit=5&q=%22a%3E+b%22&after=c>; rel=\"next\"",
            ),
        ] {
            let req = TestRequest::with_uri(uri).to_http_request();
            assert_eq!(link_next(&req, "after", "c").1, link);
        }
    }
}
