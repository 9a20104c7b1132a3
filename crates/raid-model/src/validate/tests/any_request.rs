//! Properties over all requests.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::generators::{TODAY, handle, raid_request};
use crate::{Raid, RaidRequest};

/// Paths of all members and elements of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found.push(format!("{at}/{name}"));
                pointers(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                found.push(format!("{at}/{index}"));
                pointers(element, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}(-[0-9]{2}){0,2}".prop_map(Value::from),
        "https://(orcid|isni|ror).org/[0-9X-]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("id|text|type|startDate", inner, 0..3)
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn a_valid_request_round_trips(request in raid_request(), handle in handle()) {
        let context = ValidationContext { today: TODAY, ..context() };
        prop_assert_eq!(validate_mint(&request, &context).into_listed(), []);
        let sent = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(&RaidRequest::from_json(&sent).unwrap(), &request);

        let raid = Raid::mint(request.clone(), server_owned(handle.clone()));
        prop_assert_eq!(raid.handle(), &handle);
        prop_assert!(raid.same_content(&request));
        let shown = serde_json::to_vec(&raid).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Raid>(&shown).unwrap(), &raid);
        // What a client reads, it can send back, and nothing changes.
        let returned = RaidRequest::from_json(&shown).unwrap();
        prop_assert_eq!(validate_update(&returned, &raid, &context).into_listed(), []);
        prop_assert!(raid.same_content(&returned));
    }

    #[test]
    fn any_change_is_accepted_or_named(pick in any::<prop::sample::Index>(), value in any_value()) {
        let mut body: Value = serde_json::from_str(MAXIMAL).unwrap();
        let mut all = Vec::new();
        pointers(&body, "", &mut all);
        let pointer = &all[pick.index(all.len())];
        *body.pointer_mut(pointer).unwrap() = value;
        let block = pointer.split('/').nth(1).unwrap();
        match RaidRequest::from_json(body.to_string().as_bytes()) {
            Err(JsonError::Field { field, .. }) => {
                prop_assert!(field.starts_with(block), "{} for {}", field, pointer);
            }
            Err(other) => prop_assert!(false, "{}", other),
            Ok(request) => {
                for failure in validate_mint(&request, &context()).listed() {
                    prop_assert!(failure.field_id.starts_with(block), "{:?} for {}", failure, pointer);
                }
            }
        }
    }

    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200), value in any_value()) {
        let _ = RaidRequest::from_json(&body);
        if let Ok(request) = RaidRequest::from_json(value.to_string().as_bytes()) {
            prop_assert!(!validate_mint(&request, &context()).is_empty());
        }
    }
}
