//! The name of a person, from ISNI's record of them (schema `isni-b` of its SRU search).

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use raid_model::{ExternalId, IsniId, Resolver};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use crate::ask::{Online, Resolvers, Unavailable, count};
use crate::read::{Useless, body, isni as number_of_records};
use crate::service::{Question, question};

/// The elements around a person's name.
const NAME: [&str; 3] = ["identity", "personOrFiction", "personalName"];
/// The uses of the name that is taken first.
const PREFERRED: [&str; 2] = ["legal", "public"];

/// One name of a person, its parts as they are written.
#[derive(Debug, Default)]
struct PersonalName {
    usage: String,
    forename: String,
    surname: String,
}

impl PersonalName {
    fn is_preferred(&self) -> bool {
        PREFERRED
            .iter()
            .any(|usage| self.usage.trim().eq_ignore_ascii_case(usage))
    }

    /// Given and family name, whichever there is; none if there is neither.
    fn full(&self) -> Option<String> {
        let parts = [self.forename.trim(), self.surname.trim()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

impl Resolvers {
    /// The name of the person with an ISNI, on behalf of `caller`: the first one that is legal or public,
    /// else the first one. None where ISNI has no such record, or one of an organisation.
    ///
    /// # Errors
    /// [`Unavailable`]: ISNI cannot be asked now, or nobody is asked here ([`Resolvers::offline`]).
    pub async fn isni_name(
        &self,
        caller: &str,
        isni: &IsniId,
    ) -> Result<Option<String>, Unavailable> {
        match &self.online {
            None => Err(Unavailable { status: None }),
            Some(online) => online.isni_name(caller, isni).await,
        }
    }
}

impl Online {
    async fn isni_name(&self, caller: &str, isni: &IsniId) -> Result<Option<String>, Unavailable> {
        if let Some(name) = self.names.get(isni) {
            return Ok(Some(name));
        }
        let id = ExternalId {
            resolver: Resolver::Isni,
            value: isni.to_string(),
        };
        let Question::Ask(request, _) = question(&self.http, &self.settings, &id) else {
            return Ok(None);
        };
        let _turn = self.turns.take(caller).await;
        let tries = self.tries(&request, read);
        let answer = timeout(self.settings.call_timeout, tries).await;
        match answer.unwrap_or(Err(Useless::LATE)) {
            Ok(Some(name)) => {
                count(&id, "exists");
                self.names.insert(*isni, name.clone());
                Ok(Some(name))
            }
            Ok(None) => {
                count(&id, "missing");
                Ok(None)
            }
            Err(Useless { status, .. }) => {
                count(&id, "unavailable");
                tracing::warn!(status, "ISNI cannot be asked for a name");
                Err(Unavailable { status })
            }
        }
    }
}

async fn read(response: Response) -> Result<Option<String>, Useless> {
    let status = response.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let useless = Useless {
        status: Some(status.as_u16()),
        may_heal: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
    };
    if !status.is_success() {
        return Err(useless);
    }
    let answer = body(response).await;
    match number_of_records(&answer) {
        Some(true) => name_in(&answer).map_err(|Unreadable| useless),
        Some(false) => Ok(None),
        None => Err(useless),
    }
}

/// An answer is no XML.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

/// The name in an answer, if its first record is of a person who has one.
fn name_in(answer: &[u8]) -> Result<Option<String>, Unreadable> {
    let text = String::from_utf8_lossy(answer);
    let mut reader = Reader::from_str(&text);
    let (mut open, mut names) = (Vec::<String>::new(), Vec::<PersonalName>::new());
    loop {
        match reader.read_event().map_err(|_| Unreadable)? {
            Event::Start(start) => {
                open.push(start.local_name().into_inner().to_owned());
                if is_name(&open) {
                    names.push(PersonalName::default());
                }
            }
            // Further records are of others.
            Event::End(_) if open.pop().ok_or(Unreadable)? == "record" => break,
            Event::Text(part) => append(&open, &mut names, &part.xml10_content()),
            Event::CData(part) => append(&open, &mut names, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| Unreadable)?;
                let character = character.map(String::from);
                let known = || resolve_predefined_entity(&reference).map(str::to_owned);
                append(
                    &open,
                    &mut names,
                    &character.or_else(known).ok_or(Unreadable)?,
                );
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let preferred = names.iter().filter(|name| name.is_preferred());
    Ok(preferred.chain(&names).find_map(PersonalName::full))
}

/// Whether the innermost elements are those of a person's name. Related persons have names, too, in
/// other elements.
fn is_name(open: &[String]) -> bool {
    let inner = open.len().checked_sub(NAME.len());
    inner.is_some_and(|from| open[from..] == NAME)
}

/// Adds a text to the name that it is part of.
fn append(open: &[String], names: &mut [PersonalName], part: &str) {
    let Some((element, outer)) = open.split_last() else {
        return;
    };
    let Some(name) = names.last_mut().filter(|_| is_name(outer)) else {
        return;
    };
    match element.as_str() {
        "nameUse" => name.usage.push_str(part),
        "forename" => name.forename.push_str(part),
        "surname" => name.surname.push_str(part),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Unreadable, name_in};

    fn record(names: &str) -> String {
        format!(
            "<srw:searchRetrieveResponse xmlns:srw=\"http://www.loc.gov/zing/srw/\">\
             <srw:numberOfRecords>2</srw:numberOfRecords><srw:records><srw:record><srw:recordData>\
             <responseRecord><ISNIAssigned><ISNIMetadata><identity><personOrFiction>{names}\
             </personOrFiction></identity><isRelated><personOrFiction><personalName>\
             <surname>Other</surname></personalName></personOrFiction></isRelated></ISNIMetadata>\
             </ISNIAssigned></responseRecord></srw:recordData></srw:record><srw:record>\
             <identity><personOrFiction><personalName><nameUse>legal</nameUse>\
             <surname>Next</surname></personalName></personOrFiction></identity></srw:record>\
             </srw:records></srw:searchRetrieveResponse>"
        )
    }

    #[test]
    fn the_first_legal_or_public_name_is_taken() {
        let name = |usage: &str, rest: &str| {
            format!("<personalName><nameUse>{usage}</nameUse>{rest}</personalName>")
        };
        let ada = "<surname>L&#xf8;velace &amp; Co</surname><forename> Ada</forename>";
        for (names, expected) in [
            (name("public", ada), Some("Ada Løvelace & Co")),
            (
                name("private", "<surname>X</surname>") + &name("Legal", ada),
                Some("Ada Løvelace & Co"),
            ),
            (
                name("private", "<forename>A.</forename>") + &name("variant", ada),
                Some("A."),
            ),
            (
                name("public", "<marcDate>1815</marcDate>") + &name("x", ada),
                Some("Ada Løvelace & Co"),
            ),
            (String::new(), None),
            (
                "<personalNameVariant><surname>V</surname></personalNameVariant>".to_owned(),
                None,
            ),
        ] {
            let found = name_in(record(&names).as_bytes());
            assert_eq!(found, Ok(expected.map(str::to_owned)), "{names}");
        }
        assert_eq!(name_in(b"<a></b>"), Err(Unreadable));
        assert_eq!(name_in(b"<a>&unknown;</a>"), Err(Unreadable));
    }
}
