//! Addresses that are none: schemes that are no web page's, related RAiDs that are no RAiD, and
//! identifiers with gaps in them.

use url::Url;

use crate::external_id::{is_doi, is_handle, is_of_archive, is_open_street_map};
use crate::text::is_invisible;
use crate::validate::deceptive::leads_elsewhere;
use crate::validate::limits::{Blocks, Breach, Severity};
use crate::validate::{ErrorType, Failure};
use crate::{ArchivedPage, Handle, geo_names_number};

const SCHEME: &str = "has invalid/unsupported value - write an address that begins with https://";
const NO_ADDRESS: &str = "has invalid/unsupported value - write a whole address, such as \
     https://example.org/page";
const NO_RAID: &str = "has invalid/unsupported value - write the address or the handle of a RAiD, such as \
     https://raid.org/10.82841/9f3c1a7e";
const GAPS: &str = "has invalid/unsupported value - must not have spaces or invisible characters";

/// Every address in a record that is none.
pub(super) fn breaches(blocks: &Blocks<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    for (index, page) in blocks.alternate_url.iter().enumerate() {
        let url = page.url.as_deref().filter(|url| has_other_scheme(url));
        let field = || format!("alternateUrl[{index}].url");
        found.extend(url.map(|url| breach(field(), SCHEME, ("scheme", url))));
        let url = page.url.as_deref().filter(|url| is_no_address(url));
        found.extend(url.map(|url| breach(field(), NO_ADDRESS, ("address", url))));
    }
    for (index, raid) in blocks.related_raid.iter().enumerate() {
        let id = raid.id.as_deref().filter(|id| !is_raid(id));
        let field = || format!("relatedRaid[{index}].id");
        found.extend(id.map(|id| breach(field(), NO_RAID, ("raid", id))));
    }
    let objects = blocks.related_object.iter().map(|it| it.id.as_deref());
    let places = blocks.spatial_coverage.iter().map(|it| it.id.as_deref());
    let objects = objects.enumerate().map(|it| ("relatedObject", it));
    let places = places.enumerate().map(|it| ("spatialCoverage", it));
    for (block, (index, id)) in objects.chain(places) {
        // Other identifiers were refused for their form.
        let id = id.filter(|id| has_gaps(id) && is_well_formed(id) && !leads_elsewhere(id));
        let field = || format!("{block}[{index}].id");
        found.extend(id.map(|id| breach(field(), GAPS, ("gaps", id))));
    }
    found
}

/// Whether an identifier has a space or an invisible character in it.
pub(super) fn has_gaps(id: &str) -> bool {
    id.chars().any(|c| c.is_whitespace() || is_invisible(c))
}

fn is_well_formed(id: &str) -> bool {
    is_doi(id)
        || is_handle(id)
        || is_of_archive(id)
        || ArchivedPage::parse(id).is_some()
        || is_open_street_map(id)
        || geo_names_number(id).is_some()
}

/// Whether an address has a scheme (RFC 3986, 3.1) that is not the web's. Browsers leave out blanks and
/// controls wherever they stand (WHATWG URL, 4.4).
fn has_other_scheme(url: &str) -> bool {
    let plain = url
        .chars()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c));
    let mut plain = plain.take_while(|c| !matches!(c, '/' | '?' | '#'));
    let mut scheme = String::new();
    let has_scheme = plain.any(|c| {
        scheme.extend(c.to_lowercase());
        c == ':'
    });
    let begins_with_letter = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    has_scheme && begins_with_letter && !matches!(scheme.as_str(), "http:" | "https:")
}

/// Whether a text begins like an address and names no host, or one that depends on the reader: browsers
/// read a backslash as a slash, others as a part of the name.
fn is_no_address(url: &str) -> bool {
    let lower = url.trim().to_ascii_lowercase();
    if !lower.starts_with("http:") && !lower.starts_with("https:") {
        return false;
    }
    let has_host = lower.starts_with("http://") || lower.starts_with("https://");
    !has_host || url.contains('\\') || Url::parse(url.trim()).is_err()
}

/// Whether a text is the address of a RAiD at any resolver.
fn is_raid(id: &str) -> bool {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| id.strip_prefix(scheme));
    // The resolver may be below a path.
    let segments: Vec<&str> = rest.unwrap_or_default().split('/').collect();
    let [_, .., prefix, suffix] = segments.as_slice() else {
        return false;
    };
    format!("{prefix}/{suffix}").parse::<Handle>().is_ok()
}

fn breach(field: String, message: &str, (kind, value): (&'static str, &str)) -> Breach {
    Breach {
        failure: Failure {
            field_id: field,
            error_type: ErrorType::InvalidValue,
            message: message.to_owned(),
        },
        what: (kind, value.to_owned()),
        severity: Severity::Refused,
    }
}
