//! Identifiers among words: each is one word, with or without scheme and resolver.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::words::join;

/// Hosts that only tell where an identifier is resolved.
const RESOLVERS: [&str; 8] = [
    "doi.org/",
    "dx.doi.org/",
    "www.doi.org/",
    "hdl.handle.net/",
    "raid.org/",
    "ror.org/",
    "orcid.org/",
    "isni.org/isni/",
];
const SCHEMES: [&str; 4] = ["https://", "http://", "doi:", "hdl:"];

/// An identifier as a word: a DOI or handle from its prefix on, whatever is before it, another one
/// without scheme and resolver. None if it has no letter or digit.
pub(super) fn word(text: &str) -> Option<String> {
    let text: &str = &from_address(text);
    join(from_prefix(text).unwrap_or_else(|| bare(text)))
}

/// The word of what must be an identifier, as nobody writes words like this.
pub(super) fn asked_for(text: &str) -> Option<String> {
    let text: &str = &from_address(text);
    let identifier = match from_prefix(text) {
        Some(identifier) => identifier,
        None if starts_with(text, &SCHEMES).is_some() => bare(text),
        None => starts_with(text, &RESOLVERS)?,
    };
    join(identifier)
}

/// The address of a DOI or handle as somebody copies it from a browser: without its query, and with its
/// characters as they are. Everything else as it is written.
fn from_address(text: &str) -> Cow<'_, str> {
    if starts_with(text, &["https://", "http://"]).is_none() || from_prefix(text).is_none() {
        return Cow::Borrowed(text);
    }
    let path = text.split(['?', '#']).next().unwrap_or(text);
    percent_decode_str(path)
        .decode_utf8()
        .unwrap_or(Cow::Borrowed(path))
}

/// What begins with the prefix of a DOI or handle: `10.`, digits and dots, a slash, and more.
fn from_prefix(text: &str) -> Option<&str> {
    text.match_indices("10.").find_map(|(start, _)| {
        let is_inside = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '.');
        let (prefix, suffix) = text[start..].split_once('/')?;
        let digits = prefix.bytes().all(|c| c.is_ascii_digit() || c == b'.');
        (!is_inside && digits && prefix.len() > 3 && !suffix.is_empty()).then(|| &text[start..])
    })
}

fn bare(text: &str) -> &str {
    let text = starts_with(text, &SCHEMES).unwrap_or(text);
    starts_with(text, &RESOLVERS).unwrap_or(text)
}

/// What follows one of these beginnings, in whatever case that is written.
fn starts_with<'a>(text: &'a str, beginnings: &[&str]) -> Option<&'a str> {
    beginnings.iter().find_map(|beginning| {
        let (start, rest) = text.split_at_checked(beginning.len())?;
        start.eq_ignore_ascii_case(beginning).then_some(rest)
    })
}
