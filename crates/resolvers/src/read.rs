//! What each service's answer means.

use reqwest::{Response, StatusCode};
use serde::Deserialize;

use crate::cache::Existence;

/// The most that is read of an answer, in bytes.
const LIMIT: usize = 1 << 20;

/// How an answer is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read {
    /// ORCID: a record that was merged into another (301), is locked or deactivated (409) exists.
    Orcid,
    /// A resolver of addresses: whatever it sends on to exists.
    Uri,
    /// An API whose success says that there is something.
    Api,
    /// ISNI's search: a number of records in XML.
    Isni,
    /// The Internet Archive's page of a capture: sends on to the nearest one. Every refusal but 404 may
    /// come from its limits.
    Capture,
    /// `GeoNames`: a place, or an error with a code of its own, both with status 200.
    GeoNames,
}

/// Why an answer says nothing about an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Useless {
    /// The status, if there was an answer at all.
    pub(crate) status: Option<u16>,
    /// Whether the same call may succeed in a moment.
    pub(crate) may_heal: bool,
}

impl Useless {
    /// There was no answer in time.
    pub(crate) const LATE: Self = Self {
        status: None,
        may_heal: false,
    };
}

impl Read {
    /// What the answer says.
    pub(crate) async fn answer(self, response: Response) -> Result<Existence, Useless> {
        let status = response.status();
        let useless = Useless {
            status: Some(status.as_u16()),
            may_heal: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
        };
        match status {
            StatusCode::GONE | StatusCode::URI_TOO_LONG if matches!(self, Self::Capture) => {
                return Err(useless);
            }
            // No server has anything at an address that it finds too long.
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::URI_TOO_LONG => {
                return Ok(Existence::Missing);
            }
            StatusCode::CONFLICT if matches!(self, Self::Orcid) => return Ok(Existence::Exists),
            _ if status.is_redirection()
                && matches!(self, Self::Orcid | Self::Uri | Self::Capture) =>
            {
                return Ok(Existence::Exists);
            }
            _ if !status.is_success() => return Err(useless),
            _ => {}
        }
        let exists = match self {
            Self::Orcid | Self::Uri | Self::Capture | Self::Api => Some(true),
            Self::Isni => isni(&body(response).await),
            Self::GeoNames => geonames(&body(response).await),
        };
        match exists {
            Some(true) => Ok(Existence::Exists),
            Some(false) => Ok(Existence::Missing),
            None => Err(useless),
        }
    }
}

/// Reads at most [`LIMIT`] bytes; what broke off is read as far as it came.
pub(crate) async fn body(mut response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = LIMIT - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == LIMIT {
            break;
        }
    }
    bytes
}

/// Whether the element `numberOfRecords` (SRU 1.1) is more than zero, whatever its prefix.
pub(crate) fn isni(body: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("numberOfRecords>")?;
    let (number, _) = rest.split_once('<')?;
    let number: u64 = number.trim().parse().ok()?;
    Some(number > 0)
}

/// `GeoNames` tells that a place does not exist by its codes 11 (no such record) and 15 (no result)
/// (<https://www.geonames.org/export/webservice-exception.html>).
fn geonames(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Place {
        geoname_id: Option<i64>,
        status: Option<Status>,
    }
    #[derive(Deserialize)]
    struct Status {
        value: i64,
    }
    let place: Place = serde_json::from_slice(body).ok()?;
    match (place.geoname_id, place.status) {
        (Some(_), _) => Some(true),
        (None, Some(Status { value: 11 | 15 })) => Some(false),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isni_counts_records() {
        let count = |n: &str| format!("<srw:numberOfRecords>{n}</srw:numberOfRecords>");
        assert_eq!(isni(count("1").as_bytes()), Some(true));
        assert_eq!(isni(count("0").as_bytes()), Some(false));
        assert_eq!(isni(count("").as_bytes()), None);
        assert_eq!(isni(b"<html>Maintenance</html>"), None);
        assert_eq!(isni(b"\xff<numberOfRecords>7"), None);
    }

    #[test]
    fn geonames_has_codes_of_its_own() {
        assert_eq!(geonames(br#"{"geonameId":2158177,"name":"x"}"#), Some(true));
        for (code, said) in [
            (11, Some(false)),
            (15, Some(false)),
            (10, None),
            (18, None),
            (22, None),
        ] {
            let body = format!("{{\"status\":{{\"message\":\"x\",\"value\":{code}}}}}");
            assert_eq!(geonames(body.as_bytes()), said, "{code}");
        }
        assert_eq!(geonames(b"{}"), None);
    }
}
