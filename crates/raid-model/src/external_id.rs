//! Identifiers that other registries keep: their forms, and whom to ask whether they exist.

/// A registry that can be asked whether an identifier exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolver {
    /// People, by ORCID iD.
    Orcid,
    /// People, by ISNI.
    Isni,
    /// Organisations.
    Ror,
    /// Objects, by DOI.
    Doi,
    /// Objects, by handle.
    Handle,
    /// Research resources.
    Rrid,
    /// Pages that the Internet Archive keeps.
    WebArchive,
    /// Places.
    GeoNames,
    /// Places.
    OpenStreetMap,
}

impl Resolver {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Orcid,
        Self::Isni,
        Self::Ror,
        Self::Doi,
        Self::Handle,
        Self::Rrid,
        Self::WebArchive,
        Self::GeoNames,
        Self::OpenStreetMap,
    ];

    /// The name that the RAiD API gives it in `unavailableResolvers`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orcid => "ORCID",
            Self::Isni => "ISNI",
            Self::Ror => "ROR",
            Self::Doi => "DOI",
            Self::Handle => "Handle",
            Self::Rrid => "RRID",
            Self::WebArchive => "Web Archive",
            Self::GeoNames => "GeoNames",
            Self::OpenStreetMap => "OpenStreetMap",
        }
    }
}

/// An identifier of the right form, and whom to ask whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId {
    /// Who knows it.
    pub resolver: Resolver,
    /// The identifier as the client wrote it, a URL.
    pub value: String,
}

/// An identifier in a request, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdAt {
    /// Path of the member, such as `organisation[0].id`.
    pub field: String,
    /// The identifier.
    pub id: ExternalId,
}

/// The pattern of DOIs, as the RAiD API shows it in its messages.
pub(crate) const DOI_PATTERN: &str = r"^https?://((dx\.)?doi\.org/10\..+|web\.archive\.org/.*)";
/// The pattern of handles.
pub(crate) const HANDLE_PATTERN: &str = r"^https://hdl\.handle\.net/\d+(\.\d+)*/\S+$";
/// The pattern of RRIDs.
pub(crate) const RRID_PATTERN: &str =
    r"^https://scicrunch\.org/resolver/RRID:[A-Za-z0-9]+_[A-Za-z0-9:._-]+$";
/// The pattern of places at `GeoNames`.
pub(crate) const GEO_NAMES_PATTERN: &str = r"^https://(www\.)?geonames.org/\d+/.*$";
/// The pattern of places at OpenStreetMap.
pub(crate) const OPEN_STREET_MAP_PATTERN: &str = r"^https://(www\.)?openstreetmap.org/.*$";

/// Line breaks, which a dot in the RAiD API's patterns does not match.
pub(crate) const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Whether [`DOI_PATTERN`] matches with a DOI.
pub(crate) fn is_doi(url: &str) -> bool {
    let doi = after_scheme(url)
        .map(|rest| rest.strip_prefix("dx.").unwrap_or(rest))
        .and_then(|rest| rest.strip_prefix("doi.org/10."));
    doi.is_some_and(|more| !more.is_empty() && !more.contains(BREAKS))
}

/// Whether [`DOI_PATTERN`] matches with an address of the Internet Archive, which it lets through.
pub(crate) fn is_of_archive(url: &str) -> bool {
    after_scheme(url)
        .is_some_and(|rest| rest.starts_with("web.archive.org/") && !rest.contains(BREAKS))
}

/// Whether [`HANDLE_PATTERN`] matches.
pub(crate) fn is_handle(url: &str) -> bool {
    let handle = url.strip_prefix("https://hdl.handle.net/");
    handle
        .and_then(|handle| handle.split_once('/'))
        .is_some_and(|(prefix, suffix)| {
            prefix.split('.').all(is_number)
                && !suffix.is_empty()
                && !suffix.contains(|c: char| c.is_ascii_whitespace() || c == '\x0b')
        })
}

/// Whether [`RRID_PATTERN`] matches.
pub(crate) fn is_rrid(url: &str) -> bool {
    let id = url.strip_prefix("https://scicrunch.org/resolver/RRID:");
    id.and_then(|id| id.split_once('_'))
        .is_some_and(|(authority, number)| {
            let is_of = |text: &str, more: &str| {
                !text.is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
            };
            is_of(authority, "") && is_of(number, ":._-")
        })
}

/// A page in the Internet Archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivedPage<'a> {
    /// When it was archived: fourteen digits, `YYYYMMDDhhmmss`, UTC.
    pub timestamp: &'a str,
    /// The page that was archived.
    pub url: &'a str,
}

impl<'a> ArchivedPage<'a> {
    /// Reads `https://web.archive.org/web/<timestamp>/<url>`.
    pub fn parse(archived: &'a str) -> Option<Self> {
        let rest = archived.strip_prefix("https://web.archive.org/web/")?;
        let (timestamp, url) = rest.split_once('/')?;
        let is_page =
            after_scheme(url).is_some_and(|page| !page.is_empty() && !page.contains(BREAKS));
        (timestamp.len() == 14 && is_number(timestamp) && is_page)
            .then_some(Self { timestamp, url })
    }

    /// The year in which it was archived.
    pub fn year(self) -> &'a str {
        self.timestamp.get(..4).unwrap_or_default()
    }
}

/// The number of a place in a URL that [`GEO_NAMES_PATTERN`] matches. Unlike in the pattern, the
/// dot of the host is a dot.
pub fn geo_names_number(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let (number, name) = rest.strip_prefix("geonames.org/")?.split_once('/')?;
    (is_number(number) && !name.contains(BREAKS)).then_some(number)
}

/// Whether [`OPEN_STREET_MAP_PATTERN`] matches, the dots of the host being dots.
pub(crate) fn is_open_street_map(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else {
        return false;
    };
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    rest.starts_with("openstreetmap.org/") && !rest.contains(BREAKS)
}

/// Whether the path has a part `.` or `..`, percent-encoded or not: a client that asks for such an
/// address asks for another one (WHATWG URL, 4.4).
pub(crate) fn has_dot_segments(url: &str) -> bool {
    /// What is left out of an address wherever it stands.
    const IGNORED: [char; 3] = ['\t', '\n', '\r'];
    if url.contains(IGNORED) {
        return has_dot_segments(&url.replace(IGNORED, ""));
    }
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        let after = after_dot(segment);
        after.is_some_and(|rest| rest.is_empty() || after_dot(rest) == Some(""))
    })
}

/// What follows a dot, percent-encoded or not.
fn after_dot(text: &str) -> Option<&str> {
    ["%2e", "%2E", "."]
        .into_iter()
        .find_map(|dot| text.strip_prefix(dot))
}

fn after_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}
