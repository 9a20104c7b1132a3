use super::*;

#[test]
fn every_member_has_its_vocabulary() {
    for path in MEMBER_PATHS {
        let vocabulary = &VOCABULARIES[path];
        assert!(!vocabulary.schema_uris.is_empty(), "{path}");
        assert_eq!(vocabulary.terms.is_empty(), !path.contains('.'), "{path}");
    }
    assert_eq!(all().count(), MEMBER_PATHS.len());
}

#[test]
fn every_line_is_read() {
    let terms: usize = all().map(|(_, vocabulary)| vocabulary.terms.len()).sum();
    let schemas: usize = all()
        .map(|(_, vocabulary)| vocabulary.schema_uris.len())
        .sum();
    assert_eq!(
        terms + schemas,
        include_str!("../../data/vocabularies.tsv").lines().count()
    );
    let counts: Vec<usize> = [
        "access.type",
        "title.type",
        "description.type",
        "contributor.position",
        "contributor.role",
        "organisation.role",
        "relatedObject.type",
        "relatedObject.category",
        "relatedRaid.type",
    ]
    .iter()
    .map(|path| VOCABULARIES[path].terms.len())
    .collect();
    assert_eq!(counts, [2, 4, 8, 5, 14, 7, 28, 3, 8]);
}

#[test]
fn code_lists_are_complete() {
    assert_eq!(LANGUAGES.len(), 7915);
    assert_eq!(FIELDS_OF_RESEARCH.len(), 2203);
    assert_eq!(SOCIO_ECONOMIC_OBJECTIVES.len(), 987);
    assert_eq!(language_name("eng"), Some("English"));
    assert_eq!(language_name("en"), None);
    assert!(
        LANGUAGES
            .iter()
            .all(|(code, name)| code.len() == 3 && !name.is_empty())
    );
    assert!(field_of_research("460501").is_some());
    assert!(socio_economic_objective("280111").is_some());
}

#[test]
fn labels_name_positions_and_roles() {
    let position = "https://vocabulary.raid.org/contributor.position.schema/307";
    assert_eq!(
        position_label(position),
        Some("Principal or Chief Investigator")
    );
    let role = "https://credit.niso.org/contributor-roles/software/";
    assert_eq!(role_label(role), Some("Software"));
    assert_eq!(role_label(role.trim_end_matches('/')), None);
}

#[test]
fn the_named_ids_exist() {
    assert!(TermId::<TitleType>::new(PRIMARY_TITLE).is_some());
    assert!(TermId::<DescriptionType>::new(PRIMARY_DESCRIPTION).is_some());
    assert!(TermId::<AccessType>::new(OPEN_ACCESS).is_some());
    assert!(TermId::<AccessType>::new(EMBARGOED_ACCESS).is_some());
}
