//! Memberships as ORCID gives them back, alone and in the grouped list (activities-3.0.xsd).

use raid_model::Handle;
use raid_model::membership::MembershipDocument;

use crate::notification::source_client_id;
use crate::put_code::PutCode;
use crate::transport::Unreadable;
use crate::xml::Namespace::{Activities, Common, Membership};
use crate::xml::{Element, one_line};

/// A membership on a record, of whatever source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMembership {
    /// Its number.
    pub put_code: PutCode,
    /// The client that wrote it; `None` when a person did.
    pub source_client_id: Option<String>,
    /// What identifies it elsewhere.
    pub external_ids: Vec<ExternalId>,
    /// The organization's name; the project's title in our entries.
    pub organization_name: Option<String>,
    /// The department's name; the project's title in our entries.
    pub department_name: Option<String>,
    /// The role.
    pub role_title: Option<String>,
    /// The start, as `2024`, `2024-03` or `2024-03-01`.
    pub start: Option<String>,
    /// The end, likewise.
    pub end: Option<String>,
    /// Where to read about it.
    pub url: Option<String>,
}

/// An external identifier of a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// The type, for instance `raid`.
    pub id_type: String,
    /// The identifier itself.
    pub value: String,
    /// Where it resolves.
    pub url: Option<String>,
    /// For instance `self`.
    pub relationship: Option<String>,
}

impl ListedMembership {
    /// Whether `client_id` wrote this entry for `handle`.
    pub fn is_entry_of(&self, client_id: &str, handle: &Handle) -> bool {
        let handle = handle.to_string();
        self.source_client_id.as_deref() == Some(client_id)
            && self.external_ids.iter().any(|id| is_raid(id, &handle))
    }

    /// Whether the entry says what `document` says, so that an update would change nothing.
    pub fn says(&self, document: &MembershipDocument) -> bool {
        let handle = document.handle.to_string();
        let title = present(&document.title);
        let start = document.start.map(|date| date.to_string());
        let end = document.end.map(|date| date.to_string());
        self.organization_name == title
            && self.department_name == title
            && self.role_title == present(&document.role_title)
            && self.start == start
            && self.end == end
            && self.url.as_deref() == Some(document.url.as_str())
            && matches!(&self.external_ids[..], [id] if is_raid(id, &handle)
                && id.url.as_deref() == Some(document.raid_url.as_str()))
    }
}

/// Our entry for `handle` among `memberships`; the oldest, should there be several.
pub fn our_entry<'a>(
    memberships: &'a [ListedMembership],
    client_id: &str,
    handle: &Handle,
) -> Option<&'a ListedMembership> {
    let ours = memberships
        .iter()
        .filter(|entry| entry.is_entry_of(client_id, handle));
    ours.min_by_key(|entry| entry.put_code)
}

fn is_raid(id: &ExternalId, handle: &str) -> bool {
    id.id_type.eq_ignore_ascii_case("raid")
        && id.value.eq_ignore_ascii_case(handle)
        && id
            .relationship
            .as_deref()
            .is_none_or(|relationship| relationship == "self")
}

/// A text as it is sent and comes back; `None` when nothing is sent.
fn present(text: &str) -> Option<String> {
    let text = one_line(text);
    (!text.is_empty()).then_some(text)
}

pub(super) fn read_one(root: &Element) -> Result<ListedMembership, Unreadable> {
    if root.is(Membership, "membership") {
        read(root)
    } else {
        Err(Unreadable("not a membership"))
    }
}

pub(super) fn read_list(root: &Element) -> Result<Vec<ListedMembership>, Unreadable> {
    if !root.is(Activities, "memberships") {
        return Err(Unreadable("not a list of memberships"));
    }
    root.children(Activities, "affiliation-group")
        .flat_map(|group| group.children(Membership, "membership-summary"))
        .map(read)
        .collect()
}

fn read(element: &Element) -> Result<ListedMembership, Unreadable> {
    let put_code = element
        .attribute("put-code")
        .and_then(|text| text.parse().ok());
    let organization = element.child(Common, "organization");
    let ids = element.child(Common, "external-ids");
    let text = |name| {
        element
            .text_of(Common, name)
            .and_then(|text| present(&text))
    };
    Ok(ListedMembership {
        put_code: put_code.ok_or(Unreadable("a membership without put-code"))?,
        source_client_id: source_client_id(element),
        external_ids: ids
            .map(|ids| {
                ids.children(Common, "external-id")
                    .map(external_id)
                    .collect()
            })
            .unwrap_or_default(),
        organization_name: organization
            .and_then(|organization| organization.text_of(Common, "name"))
            .and_then(|name| present(&name)),
        department_name: text("department-name"),
        role_title: text("role-title"),
        start: element.child(Common, "start-date").and_then(date),
        end: element.child(Common, "end-date").and_then(date),
        url: element.text_of(Common, "url"),
    })
}

fn external_id(element: &Element) -> ExternalId {
    let text = |name| element.text_of(Common, name);
    ExternalId {
        id_type: text("external-id-type").unwrap_or_default(),
        value: text("external-id-value").unwrap_or_default(),
        url: text("external-id-url"),
        relationship: text("external-id-relationship"),
    }
}

/// Kept as text: what other sources wrote need not be a date of the calendar.
fn date(element: &Element) -> Option<String> {
    let parts = ["year", "month", "day"].map(|part| element.text_of(Common, part));
    let known: Vec<String> = parts.into_iter().map_while(|part| part).collect();
    (!known.is_empty()).then(|| known.join("-"))
}
