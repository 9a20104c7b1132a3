//! Reading a `notification` document (`notification_3.0/notification-permission-3.0.xsd`).

use url::Url;

use super::{Item, PermissionRequest};
use crate::api_error::ApiError;
use crate::membership::{ExternalId, notification_external_id};
use crate::xml::schema::{
    Invalid, Sequence, any_uri, attribute, enumeration, only_attributes, parse_integer, string,
};
use crate::xml::{Element, ns, parse};

const NS: &str = ns::NOTIFICATION;
const ITEM_TYPES: &[&str] = &[
    "employment",
    "education",
    "qualification",
    "invited-position",
    "distinction",
    "membership",
    "service",
    "funding",
    "work",
    "peer-review",
];

/// API names of identifier types; they are compared with case.
const IDENTIFIER_TYPES: &[&str] = &[
    "agr",
    "ark",
    "arxiv",
    "asin",
    "authenticusid",
    "bibcode",
    "cba",
    "cienciaiul",
    "cit",
    "cstr",
    "ctx",
    "dnb",
    "doi",
    "eid",
    "emdb",
    "empiar",
    "ethos",
    "grant_number",
    "hal",
    "handle",
    "hir",
    "isbn",
    "ismn",
    "issn",
    "jfm",
    "jstor",
    "k10plus",
    "kuid",
    "lccn",
    "lensid",
    "mr",
    "oclc",
    "ol",
    "opr",
    "osti",
    "other-id",
    "part-of",
    "pat",
    "pdb",
    "pmc",
    "pmid",
    "ppr",
    "proposal-id",
    "raid",
    "rfc",
    "rrid",
    "source-work-id",
    "ssrn",
    "uri",
    "urn",
    "wosuid",
    "zbl",
];

/// A column that was never widened: longer values fail in the database.
const URL_COLUMN: usize = 255;

/// Parses and validates the body against the schema: 9001 when it is not XML, 9012 when the schema
/// refuses it. What the server's code checks afterwards is [`Sent::check`].
pub(crate) fn read_notification(body: &[u8]) -> Result<Sent, ApiError> {
    let root = parse(body).map_err(|e| ApiError::new(9001).detail(&e.to_string()))?;
    notification(&root).map_err(|e| ApiError::new(9012).detail(&e.to_string()))
}

/// A notification that passed the schema.
#[derive(Debug)]
pub(crate) struct Sent {
    put_code: Option<i64>,
    uri: Option<String>,
    path: Option<String>,
    subject: String,
    intro: String,
    items: Vec<Item>,
}

impl Sent {
    /// What the server's code demands beyond the schema. `base` is the web host, which a bare
    /// `path` is appended to.
    pub(crate) fn check(self, base: &str) -> Result<PermissionRequest, ApiError> {
        if self.put_code.is_some() {
            return Err(ApiError::new(9006).detail("put-code must not be present"));
        }
        let uri = self.uri.filter(|u| !u.trim().is_empty());
        let authorization_url = match (uri, self.path) {
            (Some(uri), _) if is_java_uri(&uri) => uri,
            (Some(_), _) => return Err(ApiError::new(9020)),
            (None, path) => {
                let url = format!("{base}{}", path.unwrap_or_default());
                if !is_java_uri(&url) {
                    return Err(ApiError::new(9020).detail("Problem parsing uri"));
                }
                url
            }
        };
        for id in self
            .items
            .iter()
            .filter_map(|item| item.external_id.as_ref())
        {
            check_external_id(id)?;
        }
        let Self {
            subject,
            intro,
            items,
            ..
        } = self;
        Ok(PermissionRequest {
            authorization_url,
            subject,
            intro,
            items,
        })
    }
}

fn check_external_id(id: &ExternalId) -> Result<(), ApiError> {
    let invalid = |what: &str| {
        let developer_message = format!("Invalid external-id {what}");
        ApiError {
            developer_message,
            ..ApiError::new(9023)
        }
    };
    if !IDENTIFIER_TYPES.contains(&id.kind.as_str()) {
        return Err(invalid(&format!("type '{}'", id.kind)));
    }
    if id.relationship.is_none() {
        return Err(invalid("relationship: it must be present"));
    }
    if id
        .url
        .as_ref()
        .is_some_and(|url| url.chars().count() > URL_COLUMN)
    {
        return Err(ApiError::new(9008));
    }
    Ok(())
}

/// What `java.net.URI` parses: RFC 2396 with no character left to be escaped.
fn is_java_uri(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'();:@&=+$,/?#[]%".contains(c);
    let legal = |c: char| legal(c) || (!c.is_ascii() && !c.is_whitespace() && !c.is_control());
    let bytes = text.as_bytes();
    let escapes = text.match_indices('%').all(|(at, _)| {
        bytes
            .get(at + 1..at + 3)
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let fragments = text.matches('#').count();
    let absolute = text.contains("://");
    text.chars().all(legal)
        && escapes
        && fragments <= 1
        && (!absolute || Url::parse(text).is_ok())
        && !text.starts_with(':')
}

fn notification(root: &Element) -> Result<Sent, Invalid> {
    if root.namespace != NS || root.local != "notification" {
        return Err(Invalid(format!(
            "cvc-elt.1: Cannot find the declaration of element '{}'.",
            root.local
        )));
    }
    only_attributes(root, &["put-code"])?;
    let put_code = match attribute(root, "put-code") {
        Some(text) => Some(parse_integer(text.trim()).ok_or_else(|| {
            Invalid(format!(
                "cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'integer'."
            ))
        })?),
        None => None,
    };
    let mut parts = Sequence::of(root)?;
    enumeration(parts.required(NS, "notification-type")?, &["permission"])?;
    let (uri, path) = authorization_url(parts.required(NS, "authorization-url")?)?;
    let subject = string(parts.required(NS, "notification-subject")?, None)?;
    let intro = string(parts.required(NS, "notification-intro")?, Some(1000))?;
    let items = items(parts.required(NS, "items")?)?;
    // The server erases these; they may be there.
    for (namespace, read_only) in [
        (ns::COMMON, "created-date"),
        (ns::COMMON, "sent-date"),
        (ns::COMMON, "read-date"),
        (NS, "actioned-date"),
        (ns::COMMON, "archived-date"),
        (ns::COMMON, "source"),
    ] {
        parts.optional(namespace, read_only);
    }
    parts.finish()?;
    Ok(Sent {
        put_code,
        uri,
        path,
        subject,
        intro,
        items,
    })
}

/// Either `uri` and then perhaps `path`, or `path` alone; then perhaps `host`.
fn authorization_url(element: &Element) -> Result<(Option<String>, Option<String>), Invalid> {
    only_attributes(element, &[])?;
    let mut parts = Sequence::of(element)?;
    let uri = parts.optional(NS, "uri");
    let path = match uri {
        Some(_) => parts.optional(NS, "path"),
        None => Some(parts.required(NS, "path")?),
    };
    let host = parts.optional(NS, "host");
    parts.finish()?;
    host.map(|e| string(e, None)).transpose()?;
    Ok((
        uri.map(any_uri).transpose()?,
        path.map(|e| string(e, None)).transpose()?,
    ))
}

fn items(element: &Element) -> Result<Vec<Item>, Invalid> {
    only_attributes(element, &[])?;
    let mut list = Sequence::of(element)?;
    let mut items = vec![item(list.required(NS, "item")?)?];
    while let Some(next) = list.optional(NS, "item") {
        items.push(item(next)?);
    }
    list.finish()?;
    Ok(items)
}

fn item(element: &Element) -> Result<Item, Invalid> {
    only_attributes(element, &[])?;
    let mut parts = Sequence::of(element)?;
    let kind = enumeration(parts.required(NS, "item-type")?, ITEM_TYPES)?;
    let name = string(parts.required(NS, "item-name")?, Some(1000))?;
    let external_id = parts.optional(ns::COMMON, "external-id");
    parts.finish()?;
    let external_id = external_id.map(notification_external_id).transpose()?;
    Ok(Item {
        kind,
        name,
        external_id,
    })
}

#[cfg(test)]
mod tests {
    use super::is_java_uri;

    #[test]
    fn a_space_is_refused_and_its_escape_is_not() {
        assert!(is_java_uri(
            "https://a.example/oauth?scope=/read-limited%20/activities/update"
        ));
        assert!(is_java_uri(
            "http://127.0.0.1:8080/orcid/grant?state=v1.a-b_c"
        ));
        for bad in [
            "https://a.example/x y",
            "https://a.example/%2",
            "https://a.example/#a#b",
            "https://a.example/{x}",
            "https://",
        ] {
            assert!(!is_java_uri(bad), "{bad}");
        }
    }
}
