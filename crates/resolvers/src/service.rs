//! How each service is asked about an identifier.
//!
//! Redirects are not followed: a resolver that sends on to somewhere knows the identifier, and
//! whether that somewhere answers us says nothing about it.

use std::fmt::Write as _;

use raid_model::{ArchivedPage, ExternalId, Resolver, geo_names_number};
use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::read::Read;
use crate::settings::Settings;

/// The longest identifier that is asked about, in bytes; no server takes longer addresses.
const LONGEST: usize = 8000;

/// What there is to ask.
pub(crate) enum Question {
    /// This request, whose answer is read so.
    Ask(Box<RequestBuilder>, Read),
    /// Nothing: no such identifier can exist.
    Impossible,
    /// Nothing, because the service is not configured.
    NotConfigured,
}

pub(crate) fn question(http: &Client, settings: &Settings, id: &ExternalId) -> Question {
    if id.value.len() > LONGEST {
        return Question::Impossible;
    }
    let bases = &settings.services;
    let last = id.value.rsplit('/').next().unwrap_or_default();
    match id.resolver {
        Resolver::Orcid => {
            let mut request = http.head(below(&bases.orcid, &[last]));
            if let Some(token) = &settings.orcid_token {
                request = request.bearer_auth(token.expose_secret());
            }
            Question::Ask(Box::new(request), Read::Orcid)
        }
        Resolver::Isni => {
            let query = format!("pica.isn = \"{}\"", last.to_ascii_uppercase());
            let request = http.get(below(&bases.isni, &["sru", ""])).query(&[
                ("query", query.as_str()),
                ("operation", "searchRetrieve"),
                ("recordSchema", "isni-b"),
            ]);
            Question::Ask(Box::new(request), Read::Isni)
        }
        Resolver::Ror => {
            let mut request = http.get(below(&bases.ror, &["organizations", last]));
            if let Some(client) = &settings.ror_client_id {
                request = request.header("Client-Id", client.expose_secret());
            }
            Question::Ask(Box::new(request), Read::Api)
        }
        Resolver::Doi => head(http, &bases.doi, &id.value),
        Resolver::Handle => head(http, &bases.handle, &id.value),
        Resolver::Rrid => head(http, &bases.rrid, &format!("{}.json", id.value)),
        Resolver::OpenStreetMap => head(http, &bases.openstreetmap, &id.value),
        Resolver::WebArchive if ArchivedPage::parse(&id.value).is_none() => Question::Impossible,
        Resolver::WebArchive => head_read(http, &bases.web_archive, &id.value, Read::Capture),
        Resolver::GeoNames => geonames(http, settings, &id.value),
    }
}

fn geonames(http: &Client, settings: &Settings, url: &str) -> Question {
    // GeoNames numbers its places with 32 bits.
    let number = geo_names_number(url).and_then(|number| number.parse::<i32>().ok());
    let (Some(number), user) = (number, &settings.geonames_user) else {
        return Question::Impossible;
    };
    let Some(user) = user else {
        return Question::NotConfigured;
    };
    let request = http
        .get(below(&settings.services.geonames, &["getJSON"]))
        .query(&[
            ("geonameId", number.to_string().as_str()),
            ("username", user.expose_secret()),
        ]);
    Question::Ask(Box::new(request), Read::GeoNames)
}

/// Asks the resolver at `base` for the path and query of a URL.
fn head(http: &Client, base: &Url, url: &str) -> Question {
    head_read(http, base, url, Read::Uri)
}

fn head_read(http: &Client, base: &Url, url: &str, read: Read) -> Question {
    let Ok(url) = Url::parse(&encoded(url)) else {
        return Question::Impossible;
    };
    let mut address = base.clone();
    let path = format!("{}{}", base.path().trim_end_matches('/'), url.path());
    address.set_path(&path);
    address.set_query(url.query());
    Question::Ask(Box::new(http.head(address)), read)
}

/// An address whose characters are all allowed in one (RFC 3986, section 2): others, and percent signs that
/// encode nothing, are percent-encoded.
fn encoded(url: &str) -> String {
    let mut address = String::with_capacity(url.len());
    for (at, character) in url.char_indices() {
        let is_allowed = match character {
            '%' => {
                let digits = url.as_bytes().get(at + 1..at + 3);
                digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            }
            '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '[' | ']' => false,
            other => other.is_ascii_graphic(),
        };
        if is_allowed {
            address.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing into a text cannot fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

/// `base` with segments added to its path, each percent-encoded as needed.
fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Cannot fail: only http and https addresses pass the check of the settings.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
