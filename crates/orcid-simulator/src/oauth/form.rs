//! The form of a token or revoke request, with the client's credentials.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

/// Parameters of a request; credentials of HTTP Basic count as `client_id` and `client_secret`.
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the body when it is a form.
    pub(crate) fn read(
        content_type: Option<&str>,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Self {
        let is_form = content_type.is_some_and(|t| {
            let name = t.split(';').next().unwrap_or_default().trim();
            name.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let mut parameters = BTreeMap::new();
        if is_form {
            parameters.extend(form_urlencoded::parse(body).into_owned());
        }
        if let Some((id, secret)) = authorization.and_then(basic) {
            parameters.insert("client_id".to_owned(), id);
            parameters.insert("client_secret".to_owned(), secret);
        }
        Self(parameters)
    }

    /// A parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first parameter that is there without a value.
    pub(crate) fn blank(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, value)| value.trim().is_empty())
            .map(|(name, _)| name.as_str())
    }
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
