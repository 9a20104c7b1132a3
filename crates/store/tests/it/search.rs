//! Searching: the same questions about the same RAiDs have the same answers on both databases.

use crate::sample::{ISSUER, SERVICE_POINT, at};
use crate::searched::{ECOLOGY, ELSEWHERE, OTHER_PERSON, OTHER_ROR, PERSON, ROR, with_shared};
use raid_model::search::{Query, Term, TermKind};
use store::holders::{Holder, HolderRole};
use store::raids::{self, Access, Direction, Facet, Search, Sight, Sort, Status};
use store::testing::TestDb;
use store::{Store, StoreError};
use time::macros::date;

store::on_both_databases!(
    words_phrases_and_beginnings_find,
    connections_narrow,
    dates_narrow,
    rights_narrow,
    raids_come_sorted,
    what_was_found_is_counted,
    every_text_can_be_searched,
);

fn anybody() -> Search {
    Search::all(Sight::default(), date!(2026 - 03 - 02))
}

pub fn words(text: &str) -> Search {
    Search {
        words: Some(Query::parse(text).unwrap()),
        ..anybody()
    }
}

const NEWEST: (Sort, Direction) = (Sort::Created, Direction::Descending);
pub const BEST: (Sort, Direction) = (Sort::Relevance, Direction::Descending);

/// The numbers of the RAiDs that are found.
pub async fn found(store: &Store, search: &Search, by: (Sort, Direction)) -> Vec<u32> {
    let search = search.clone();
    let page = store.read(move |c| raids::search(c, &search, by, None, 100));
    let page = page.await.unwrap();
    assert_eq!(page.next, None);
    let number = |handle: &raid_model::Handle| {
        let text = handle.to_string();
        u32::from_str_radix(text.rsplit('/').next().unwrap(), 16).unwrap()
    };
    page.handles().map(number).collect()
}

async fn words_phrases_and_beginnings_find(db: &TestDb) {
    let store = with_shared(db).await;
    for (text, numbers) in [
        // Those with both words in the title first, then the newest.
        ("climate change", vec![1, 4, 3, 2]),
        ("CHANGE climate", vec![1, 4, 3, 2]),
        ("climate", vec![1, 4, 3, 2]),
        ("\"climate change\"", vec![1, 4]),
        ("climate-change", vec![1, 4]),
        ("\"change climate\"", vec![]),
        ("\"change of climate moves\"", vec![2]),
        ("\"alps climate\"", vec![]),
        ("climate alps", vec![1]),
        ("clim*", vec![6, 1, 4, 3, 2]),
        ("\"change in the al*\"", vec![1]),
        ("\"clim* change\"", vec![]),
        ("malmo", vec![3]),
        ("MALMO\u{308} FORANDRAS", vec![3]),
        ("uber klima*", vec![4]),
        ("klima", vec![]),
        ("cryosphere glaciers", vec![2]),
        ("候變", vec![6]),
        ("變候", vec![]),
        ("變 候", vec![6]),
        ("secret", vec![]),
        ("withdrawn", vec![]),
        ("climate NOT alps", vec![]),
        ("nowhere OR climate", vec![]),
        ("title:climate", vec![]),
        ("¶", vec![]),
        ("?!", vec![]),
    ] {
        assert_eq!(found(&store, &words(text), BEST).await, numbers, "{text}");
        let mut newest = numbers.clone();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found(&store, &words(text), NEWEST).await, newest, "{text}");
        let search = words(text);
        let total = store.read(move |c| raids::total(c, &search)).await.unwrap();
        assert_eq!(total, i64::try_from(numbers.len()).unwrap(), "{text}");
    }
}

/// Checks what each search finds, the newest first.
async fn narrowed<const N: usize>(db: &TestDb, searches: [(&str, Search, Vec<u32>); N]) {
    let store = with_shared(db).await;
    for (name, search, numbers) in searches {
        assert_eq!(found(&store, &search, NEWEST).await, numbers, "{name}");
    }
}

async fn connections_narrow(db: &TestDb) {
    let all = anybody;
    let connected = |term: Option<Term>| Search {
        connections: vec![vec![term.unwrap()]],
        ..all()
    };
    let searches = [
        ("all", all(), vec![6, 4, 3, 2, 1]),
        (
            "person",
            connected(Term::contributor(PERSON)),
            vec![6, 3, 2, 1],
        ),
        ("isni", connected(Term::contributor(OTHER_PERSON)), vec![4]),
        (
            "organisation",
            connected(Term::organisation(OTHER_ROR)),
            vec![1],
        ),
        (
            "both organisations",
            Search {
                connections: [ROR, OTHER_ROR]
                    .map(|id| vec![Term::organisation(id).unwrap()])
                    .into(),
                ..all()
            },
            vec![1],
        ),
        (
            "a code",
            Search {
                connections: vec![Term::subjects("3103")],
                ..all()
            },
            vec![4, 2],
        ),
        (
            "object",
            connected(Some(Term::related_object("10.5281/ZENODO.7"))),
            vec![4],
        ),
        (
            "raid",
            connected(Some(Term::related_raid("10.82210/00000001"))),
            vec![4],
        ),
        (
            "other raid",
            connected(Some(Term::related_raid("10.82210/00000002"))),
            vec![],
        ),
        (
            "service point",
            Search {
                service_point: Some(ELSEWHERE),
                ..all()
            },
            vec![3],
        ),
    ];
    narrowed(db, searches).await;
}

async fn dates_narrow(db: &TestDb) {
    let all = anybody;
    let with_status = |status| Search {
        status: Some(status),
        ..all()
    };
    let searches = [
        ("upcoming", with_status(Status::Upcoming), vec![3]),
        ("active", with_status(Status::Active), vec![4, 2]),
        ("ended", with_status(Status::Ended), vec![6, 1]),
        (
            "on the last day",
            Search {
                today: date!(2026 - 03 - 01),
                ..with_status(Status::Active)
            },
            vec![6, 4, 2],
        ),
        (
            "began",
            Search {
                start_from: Some(date!(2019 - 05 - 03)),
                start_to: Some(date!(2020 - 01 - 01)),
                ..all()
            },
            vec![6, 4, 1],
        ),
        (
            "ended",
            Search {
                end_from: Some(date!(2021 - 06 - 30)),
                end_to: Some(date!(2026 - 02 - 28)),
                ..all()
            },
            vec![1],
        ),
        (
            "changed",
            Search {
                updated_since: Some(at(6)),
                ..all()
            },
            vec![6, 2],
        ),
    ];
    narrowed(db, searches).await;
}

async fn rights_narrow(db: &TestDb) {
    let all = anybody;
    let sees = |sight: Sight| Search { sight, ..all() };
    let holder = |role| Holder {
        issuer: ISSUER.to_owned(),
        subject: "somebody".to_owned(),
        roles: vec![role],
    };
    let searches = [
        (
            "everything",
            sees(Sight::everything()),
            vec![6, 5, 4, 3, 2, 1],
        ),
        (
            "the service point's own",
            sees(Sight {
                service_point: Some(SERVICE_POINT),
                ..Sight::default()
            }),
            vec![6, 5, 4, 3, 2, 1],
        ),
        (
            "another service point's",
            sees(Sight {
                service_point: Some(ELSEWHERE),
                ..Sight::default()
            }),
            vec![6, 4, 3, 2, 1],
        ),
        (
            "held",
            sees(Sight {
                holder: Some(holder(HolderRole::RaidAdmin)),
                ..Sight::default()
            }),
            vec![6, 5, 4, 3, 2, 1],
        ),
        (
            "held in another role",
            sees(Sight {
                holder: Some(holder(HolderRole::RaidUser)),
                ..Sight::default()
            }),
            vec![6, 4, 3, 2, 1],
        ),
        (
            "held by the same subject of another issuer",
            sees(Sight {
                holder: Some(Holder {
                    issuer: "https://other.example.org".to_owned(),
                    ..holder(HolderRole::RaidAdmin)
                }),
                ..Sight::default()
            }),
            vec![6, 4, 3, 2, 1],
        ),
        (
            "embargoed",
            Search {
                access: Some(Access::Embargoed),
                ..sees(Sight::everything())
            },
            vec![5],
        ),
        (
            "all at once",
            Search {
                connections: vec![vec![Term::organisation(ROR).unwrap()]],
                service_point: Some(SERVICE_POINT),
                access: Some(Access::Open),
                status: Some(Status::Ended),
                ..words("climate alps")
            },
            vec![1],
        ),
    ];
    narrowed(db, searches).await;
}

async fn raids_come_sorted(db: &TestDb) {
    let store = with_shared(db).await;
    for (sort, ascending) in [
        (Sort::Relevance, vec![1, 2, 3, 4, 6]),
        (Sort::Created, vec![1, 2, 3, 4, 6]),
        (Sort::Updated, vec![1, 3, 4, 6, 2]),
        (Sort::Title, vec![1, 2, 3, 4, 6]),
        (Sort::Start, vec![2, 1, 4, 6, 3]),
    ] {
        let up = found(&store, &anybody(), (sort, Direction::Ascending)).await;
        assert_eq!(up, ascending, "{sort:?}");
        let mut down = found(&store, &anybody(), (sort, Direction::Descending)).await;
        down.reverse();
        assert_eq!(down, ascending, "{sort:?}");
    }
}

async fn what_was_found_is_counted(db: &TestDb) {
    let store = with_shared(db).await;
    let counted = async |search: &Search, facet: Facet, limit: i64| {
        let search = search.clone();
        let values = store.read(move |c| raids::facet(c, &search, facet, limit));
        let values = values.await.unwrap().into_iter();
        values.map(|v| (v.value, v.count)).collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, i64)]| {
        let owned = |(value, count): &(&str, i64)| ((*value).to_owned(), *count);
        pairs.iter().map(owned).collect::<Vec<_>>()
    };
    let organisation = Facet::Connection(TermKind::Organisation);
    let (here, elsewhere) = (SERVICE_POINT.to_string(), ELSEWHERE.to_string());
    for (search, facet, expected) in [
        (anybody(), organisation, pairs(&[(ROR, 2), (OTHER_ROR, 1)])),
        (
            words("alps"),
            organisation,
            pairs(&[(OTHER_ROR, 1), (ROR, 1)]),
        ),
        (words("nowhere"), organisation, pairs(&[])),
        (
            anybody(),
            Facet::Connection(TermKind::Subject),
            pairs(&[(ECOLOGY, 2)]),
        ),
        (
            anybody(),
            Facet::ServicePoint,
            pairs(&[(&here, 4), (&elsewhere, 1)]),
        ),
        (
            anybody(),
            Facet::Status,
            pairs(&[("active", 2), ("ended", 2), ("upcoming", 1)]),
        ),
        (
            words("climate"),
            Facet::Status,
            pairs(&[("active", 2), ("ended", 1), ("upcoming", 1)]),
        ),
        (anybody(), Facet::Access, pairs(&[("open", 5)])),
        (
            Search::all(Sight::everything(), date!(2026 - 03 - 02)),
            Facet::Access,
            pairs(&[("open", 5), ("embargoed", 1)]),
        ),
    ] {
        assert_eq!(counted(&search, facet, 10).await, expected, "{facet:?}");
    }
    let one = counted(&anybody(), organisation, 1).await;
    assert_eq!(one, pairs(&[(ROR, 2)]), "bounded");
}

/// No text is taken for the language of a database.
async fn every_text_can_be_searched(db: &TestDb) {
    let store = with_shared(db).await;
    let marks: Vec<char> = "\"'*()&|!<->:^{}[]+-~\\/%_;,.ab1 \u{0}\u{b6}é候\u{301}\u{1f600}"
        .chars()
        .collect();
    let mut seed = 7_usize;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut texts: Vec<String> = (0..300)
        .map(|_| {
            (0..next() % 24)
                .map(|_| marks[next() % marks.len()])
                .collect()
        })
        .collect();
    texts.extend(
        [
            "AND",
            "NEAR(a, 2)",
            "a:A",
            "a:*",
            "NOT",
            "'",
            "\\",
            "a <-> b",
            "^a",
        ]
        .map(String::from),
    );
    let searches: Vec<_> = texts
        .iter()
        .map(|text| (text.clone(), words(text)))
        .collect();
    let all = move |c: &mut store::Conn| {
        for (text, search) in &searches {
            let page =
                raids::search(c, search, BEST, None, 10).and_then(|_| raids::total(c, search));
            page.map_err(|e| StoreError::Corrupt(format!("{text:?}: {e}")))?;
        }
        Ok(())
    };
    store.read(all).await.unwrap();
}
