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
            id_prefix: "https://raid.org/".to_owned(),
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
