use json_patch::PatchOperation::{Add, Remove, Replace};
use json_patch::patch;
use proptest::prelude::*;
use serde_json::json;
use time::macros::datetime;

use super::patch_between;
use crate::generators::{handle, raid_request, ror_id};
use crate::{Raid, ServerOwned};

/// A RAiD as it was minted.
fn raid() -> impl Strategy<Value = Raid> {
    (raid_request(), handle(), ror_id()).prop_map(|(request, handle, owner)| {
        let server = ServerOwned {
            handle,
            owner,
            service_point: 20_000_000,
            agency: owner,
            licence: "Creative Commons CC-0".to_owned(),
            agency_url: None,
            id_prefix: "https://raid.org/".parse().unwrap(),
            now: datetime!(2026-06-22 12:00 UTC),
        };
        Raid::mint(request, server)
    })
}

proptest! {
    /// Whoever applies the patches one after the other has each version (RFC 6902 §5).
    #[test]
    fn patches_lead_from_version_to_version(
        first in raid(),
        second in raid_request(),
        third in raid_request(),
    ) {
        let second = Raid::amend(&first, second, datetime!(2026-06-23 12:00 UTC));
        let third = Raid::amend(&second, third, datetime!(2026-06-24 12:00 UTC));
        let mut document = json!({});
        let mut before = None;
        for version in [&first, &second, &third] {
            let changes = patch_between(before, version).unwrap();
            // Readers of a history know these three only.
            let known = |change| matches!(change, &Add(_) | &Remove(_) | &Replace(_));
            prop_assert!(changes.iter().all(known));
            patch(&mut document, &changes).unwrap();
            prop_assert_eq!(&document, &serde_json::to_value(version).unwrap());
            before = Some(version);
        }
        prop_assert!(patch_between(Some(&third), &third).unwrap().is_empty());
    }

    #[test]
    fn the_first_patch_adds_each_member_as_a_whole(first in raid()) {
        let changes = serde_json::to_value(patch_between(None, &first).unwrap()).unwrap();
        let record = serde_json::to_value(&first).unwrap();
        let expected: Vec<_> = record
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| json!({"op": "add", "path": format!("/{name}"), "value": value}))
            .collect();
        prop_assert_eq!(changes, json!(expected));
    }
}

/// The operations between two documents, each as its name and path.
fn operations(before: &serde_json::Value, after: &serde_json::Value) -> Vec<String> {
    let changes = super::diff::between(before, after);
    let mut patched = before.clone();
    patch(&mut patched, &changes).unwrap();
    assert_eq!(&patched, after);
    let of = |change: &json_patch::PatchOperation| {
        let name = serde_json::to_value(change).unwrap()["op"].clone();
        format!("{} {}", name.as_str().unwrap(), change.path())
    };
    changes.iter().map(of).collect()
}

#[test]
fn an_item_that_is_left_out_is_one_operation() {
    let people = |ids: &[u8]| -> serde_json::Value {
        let person = |id| json!({"id": format!("person {id}"), "leader": true, "role": []});
        json!({"contributor": ids.iter().map(person).collect::<Vec<_>>()})
    };
    let all = people(&[1, 2, 3, 4]);
    assert_eq!(
        operations(&all, &people(&[2, 3, 4])),
        ["remove /contributor/0"]
    );
    assert_eq!(
        operations(&all, &people(&[1, 4])),
        ["remove /contributor/1"; 2]
    );
    assert_eq!(
        operations(&people(&[2, 3, 4]), &all),
        ["add /contributor/0"]
    );
    assert_eq!(operations(&all, &all), [""; 0]);
}

#[test]
fn a_changed_item_is_found_by_its_identifier() {
    let before = json!([{"id": "a", "leader": true}, {"id": "b", "leader": true}]);
    let after = json!([{"id": "b", "leader": false}]);
    assert_eq!(
        operations(&before, &after),
        ["remove /0", "replace /0/leader"]
    );
}

#[test]
fn an_item_without_identifier_is_changed_in_place() {
    let before = json!([{"text": "Old", "type": 1}, {"text": "Kept", "type": 2}]);
    let after = json!([{"text": "New", "type": 1}, {"text": "Kept", "type": 2}]);
    assert_eq!(operations(&before, &after), ["replace /0/text"]);
}

proptest! {
    /// Also where identifiers repeat, or items have other shapes.
    #[test]
    fn any_list_leads_to_any_other(
        before in list(),
        after in list(),
    ) {
        operations(&before, &after);
    }
}

fn list() -> impl Strategy<Value = serde_json::Value> {
    let item = prop_oneof![
        (0..4u8).prop_map(|n| json!(n)),
        (0..4u8, 0..3u8).prop_map(|(id, n)| json!({"id": id.to_string(), "n": n, "a/~": [n, id]})),
        (0..3u8).prop_map(|n| json!({"id": n})),
        proptest::collection::vec(0..4u8, 0..4).prop_map(|n| json!(n)),
    ];
    proptest::collection::vec(item, 0..8).prop_map(|items| json!(items))
}
