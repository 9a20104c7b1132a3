//! Identifiers as people paste them, and their canonical form: with or without scheme and host, with
//! blanks, a trailing slash or a query, in the wrong case.
//!
//! Only the form is read here. Checksums are checked where the canonical form is parsed, so that a
//! mistyped identifier gets the failure that says so.

use crate::Handle;
use crate::text::is_invisible;

/// Where RAiDs resolve, whichever agency minted them.
const RAID_PREFIX: &str = "https://raid.org/";
const ORCID: &str = "orcid.org";
const ORCID_SANDBOX: &str = "sandbox.orcid.org";

/// The text without the blanks and invisible characters around it.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// An ORCID iD as a URL. An iD of the sandbox stays one; one without a host is of the registry at
/// `prefix`, such as `https://orcid.org/`.
pub fn orcid(text: &str, prefix: &str) -> Option<String> {
    let (host, rest) = after_host(trimmed(text), &[ORCID, ORCID_SANDBOX])?;
    let [a, b, c, d] = groups_of_four(rest)?;
    let id = format!("{a}-{b}-{c}-{d}");
    Some(match host {
        Some(host) => format!("https://{host}/{id}"),
        None => format!("{prefix}{id}"),
    })
}

/// An ISNI as a URL.
pub fn isni(text: &str) -> Option<String> {
    let (_, rest) = after_host(trimmed(text), &["isni.org"])?;
    let rest = strip_prefix(rest, "isni/").unwrap_or(rest);
    Some(format!(
        "https://isni.org/isni/{}",
        groups_of_four(rest)?.concat()
    ))
}

/// A ROR id as a URL.
pub fn ror(text: &str) -> Option<String> {
    let (_, rest) = after_host(trimmed(text), &["ror.org"])?;
    let code = without_tail(rest).to_ascii_lowercase();
    let is_code = code.len() == 9 && code.bytes().all(|c| c.is_ascii_alphanumeric());
    is_code.then(|| format!("https://ror.org/{code}"))
}

/// A DOI as a URL. What follows the prefix stays as it is: a DOI may have a query's characters. So does
/// `dx.doi.org`, which the RAiD API takes and gives back.
pub(crate) fn doi(text: &str) -> Option<String> {
    let (host, rest) = after_host(trimmed(text), &["dx.doi.org", "doi.org"])?;
    let host = host.unwrap_or("doi.org");
    let rest = strip_prefix(rest, "doi:").map_or(rest, str::trim_start);
    rest.starts_with("10.")
        .then(|| format!("https://{host}/{rest}"))
}

/// A handle as a URL.
pub(crate) fn handle(text: &str) -> Option<String> {
    let (_, rest) = after_host(trimmed(text), &["hdl.handle.net"])?;
    let rest = strip_prefix(rest, "hdl:").unwrap_or(rest);
    rest.starts_with(|c: char| c.is_ascii_digit())
        .then(|| format!("https://hdl.handle.net/{rest}"))
}

/// An RRID as a URL.
pub(crate) fn rrid(text: &str) -> Option<String> {
    let (_, rest) = after_host(trimmed(text), &["scicrunch.org"])?;
    let rest = strip_prefix(rest, "resolver/").unwrap_or(rest);
    let id = strip_prefix(without_tail(rest), "RRID:")?;
    Some(format!("https://scicrunch.org/resolver/RRID:{id}"))
}

/// A RAiD as a URL: a bare handle gets the resolver of RAiDs, an address at another host stays.
pub(crate) fn raid(text: &str) -> Option<String> {
    let (_, rest) = after_host(trimmed(text), &["raid.org"])?;
    let handle: Handle = without_tail(rest).parse().ok()?;
    Some(format!("{RAID_PREFIX}{handle}"))
}

/// Which of `hosts` an address is at, and what follows. The host is none if the text has neither a
/// scheme nor a host. None for an address elsewhere.
fn after_host<'a>(
    text: &'a str,
    hosts: &[&'static str],
) -> Option<(Option<&'static str>, &'a str)> {
    let scheme = ["https://", "http://"];
    let after_scheme = scheme.iter().find_map(|it| strip_prefix(text, it));
    let rest = after_scheme.unwrap_or(text);
    let rest = strip_prefix(rest, "www.").unwrap_or(rest);
    let at = |host: &&'static str| {
        let path = strip_prefix(rest, host)?.strip_prefix('/')?;
        Some((Some(*host), path.trim_start_matches('/')))
    };
    let found = hosts.iter().find_map(at);
    found.or_else(|| after_scheme.is_none().then_some((None, text)))
}

/// As [`str::strip_prefix`], in any case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// An identifier without query, fragment and trailing slashes.
fn without_tail(rest: &str) -> &str {
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').trim_end()
}

/// Sixteen characters of ORCID iD or ISNI, however they are grouped.
fn groups_of_four(rest: &str) -> Option<[String; 4]> {
    let is_separator = |c: char| {
        matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
            || c.is_whitespace()
            || is_invisible(c)
    };
    let characters = without_tail(rest).chars().filter(|c| !is_separator(*c));
    let characters: Vec<char> = characters.map(|c| c.to_ascii_uppercase()).collect();
    let is_right = characters.len() == 16
        && characters
            .iter()
            .enumerate()
            .all(|(at, c)| c.is_ascii_digit() || (at == 15 && *c == 'X'));
    let group = |at: usize| characters.iter().skip(at * 4).take(4).collect();
    is_right.then(|| [group(0), group(1), group(2), group(3)])
}

#[cfg(test)]
mod tests;
