//! Reading the body of an answer that is no success.

use serde_json::Value;

use crate::xml::{self, Namespace};

/// What such a body says. The text is not scrubbed yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// ORCID's error code.
    pub code: Option<u16>,
    /// The OAuth error (RFC 6749 §5.2).
    pub oauth_error: Option<String>,
    /// The developer's message, the OAuth description, or else the body itself.
    pub text: String,
}

/// Reads ORCID's XML error, its JSON error, the OAuth JSON error, or takes the body as plain text.
///
/// Any of them may come with any status: the API's filters answer in OAuth JSON whatever was asked
/// for, and the edge in HTML.
pub(crate) fn read(body: &[u8]) -> ErrorBody {
    from_xml(body)
        .or_else(|| from_json(body))
        .unwrap_or_else(|| ErrorBody {
            text: String::from_utf8_lossy(body).into_owned(),
            ..ErrorBody::default()
        })
}

fn from_xml(body: &[u8]) -> Option<ErrorBody> {
    let root = xml::parse(body).ok()?;
    if !root.is(Namespace::Error, "error") {
        return None;
    }
    let text = |name| root.text_of(Namespace::Error, name);
    Some(ErrorBody {
        code: text("error-code").and_then(|code| code.parse().ok()),
        oauth_error: None,
        text: text("developer-message")
            .or_else(|| text("user-message"))
            .unwrap_or_default(),
    })
}

fn from_json(body: &[u8]) -> Option<ErrorBody> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let members = value.as_object()?;
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = members.get("error-code").and_then(|code| match code {
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| u16::try_from(number).ok()),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    });
    let oauth_error = text("error");
    if code.is_none() && oauth_error.is_none() && !members.contains_key("response-code") {
        return None;
    }
    let message = text("developer-message").or_else(|| text("error_description"));
    Some(ErrorBody {
        code,
        text: message.or_else(|| oauth_error.clone()).unwrap_or_default(),
        oauth_error,
    })
}

#[cfg(test)]
mod tests;
