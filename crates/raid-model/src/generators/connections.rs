//! Valid blocks that connect a project: other identifiers, objects, subjects, places.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{classification, handle, language, text};
use crate::vocabulary::SchemaUri;
use crate::{
    AlternateIdentifier, AlternateUrl, LocalizedText, RaidRequest, RelatedObject, RelatedRaid,
    SpatialCoverage, Subject,
};

/// Sets the blocks that connect a project, each or not.
pub(super) fn connected(
    requests: impl Strategy<Value = RaidRequest>,
) -> impl Strategy<Value = RaidRequest> {
    (
        requests,
        of(vec(alternate_identifier(), 0..3)),
        of(vec(alternate_url(), 0..3)),
        of(vec(related_object(), 0..3)),
        of(vec(related_raid(), 0..3)),
        of(vec(spatial_coverage(), 0..3)),
        of(vec(subject(), 0..3)),
    )
        .prop_map(
            |(request, identifiers, urls, objects, raids, places, subjects)| RaidRequest {
                alternate_identifier: identifiers.map(|list| numbered(list, |one| &mut one.id)),
                alternate_url: urls.map(|list| numbered(list, |one| &mut one.url)),
                related_object: objects,
                related_raid: raids,
                spatial_coverage: places,
                subject: subjects,
                ..request
            },
        )
}

/// Makes a list one without repetitions.
fn numbered<T>(mut list: Vec<T>, text_of: impl Fn(&mut T) -> &mut Option<String>) -> Vec<T> {
    for (number, one) in list.iter_mut().enumerate() {
        if let Some(text) = text_of(one) {
            text.push_str(&number.to_string());
        }
    }
    list
}

fn alternate_identifier() -> impl Strategy<Value = AlternateIdentifier> {
    (text(), text()).prop_map(|(id, kind)| AlternateIdentifier {
        id: Some(id),
        kind: Some(kind),
    })
}

fn alternate_url() -> impl Strategy<Value = AlternateUrl> {
    "https://[a-z]{1,20}\\.example/[a-z0-9?&=%~-]{0,30}"
        .prop_map(|url| AlternateUrl { url: Some(url) })
}

/// The objects' ids in each form that is taken, and the registry of each.
fn related_object() -> impl Strategy<Value = RelatedObject> {
    let with = |schema: &'static str, id: &'static str| id.prop_map(move |id| (schema, id));
    let identified = prop_oneof![
        with(
            "https://doi.org/",
            "https://(dx\\.)?doi\\.org/10\\.[0-9]{4,9}/[!-\\-/-~]{1,20}(\\.[0-9a-z]{1,5})?"
        ),
        with(
            "https://hdl.handle.net/",
            "https://hdl\\.handle\\.net/[0-9]{2,5}(\\.[0-9]{2,5}){0,2}/[!-\\-/-~]{1,20}"
        ),
        with(
            "https://scicrunch.org/resolver/",
            "https://scicrunch\\.org/resolver/RRID:[A-Za-z]{2,5}_[0-9:.-]{1,9}"
        ),
        with(
            "https://web.archive.org/",
            "https://web\\.archive\\.org/web/(199[6-9]|20[01][0-9])0[1-9]11223344/https?://[a-z]{1,20}\\.example/"
        ),
    ];
    (identified, vec(classification(), 1..3), classification()).prop_map(
        |((schema, id), category, kind)| RelatedObject {
            category: Some(category),
            id: Some(id),
            schema_uri: SchemaUri::new(schema),
            kind: Some(kind),
        },
    )
}

fn related_raid() -> impl Strategy<Value = RelatedRaid> {
    (handle(), classification()).prop_map(|(handle, kind)| RelatedRaid {
        id: Some(format!("https://raid.org/{handle}")),
        kind: Some(kind),
    })
}

fn spatial_coverage() -> impl Strategy<Value = SpatialCoverage> {
    let with = |schema: &'static str, id: &'static str| id.prop_map(move |id| (schema, id));
    let identified = prop_oneof![
        with(
            "https://www.geonames.org/",
            "https://(www\\.)?geonames\\.org/[0-9]{1,8}/[a-z-]{0,20}(\\.html)?"
        ),
        with(
            "https://www.openstreetmap.org/",
            "https://(www\\.)?openstreetmap\\.org/(node|way|relation)/[0-9]{1,11}"
        ),
    ];
    (identified, of(vec(localized(), 0..3))).prop_map(|((schema, id), place)| SpatialCoverage {
        id: Some(id),
        place,
        schema_uri: SchemaUri::new(schema),
    })
}

fn subject() -> impl Strategy<Value = Subject> {
    let research = (
        "https://vocabs.ardc.edu.au/viewById/316",
        "for",
        ["30", "3001", "460501"],
    );
    let objective = (
        "https://vocabs.ardc.edu.au/viewById/317",
        "seo",
        ["28", "2801", "280111"],
    );
    let code = select(vec![research, objective]).prop_flat_map(|(schema, kind, codes)| {
        select(codes.to_vec()).prop_map(move |code| {
            (
                schema,
                format!("https://linked.data.gov.au/def/anzsrc-{kind}/2020/{code}"),
            )
        })
    });
    (code, of(vec(localized(), 0..3))).prop_map(|((schema, id), keyword)| Subject {
        id: Some(id),
        keyword,
        schema_uri: SchemaUri::new(schema),
    })
}

fn localized() -> impl Strategy<Value = LocalizedText> {
    (text(), of(language())).prop_map(|(text, language)| LocalizedText {
        language,
        text: Some(text),
    })
}
