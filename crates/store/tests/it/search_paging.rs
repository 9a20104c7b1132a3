//! Paging through what was found, and both databases side by side.

use crate::sample;
use crate::searched::{titled, write};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use raid_model::search::Query;
use serde_json::json;
use store::Store;
use store::raids::{self, Direction, Place, RaidWrite, Search, SearchPage, Sight, Sort};
use store::testing::TestDb;
use time::macros::date;

store::on_both_databases!(pages_to_the_end_are_the_whole_list_while_others_mint);

const SORTS: [Sort; 5] = [
    Sort::Relevance,
    Sort::Updated,
    Sort::Created,
    Sort::Title,
    Sort::Start,
];
const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

fn everything(words: &str) -> Search {
    let query = Query::parse(words).unwrap();
    Search {
        words: (!words.is_empty()).then_some(query),
        ..Search::all(Sight::default(), date!(2026 - 03 - 02))
    }
}

async fn page(
    store: &Store,
    search: &Search,
    by: (Sort, Direction),
    after: Option<Place>,
    limit: i64,
) -> SearchPage {
    let search = search.clone();
    let page = store.read(move |c| raids::search(c, &search, by, after.as_ref(), limit));
    page.await.unwrap()
}

fn handles(page: &SearchPage) -> Vec<String> {
    page.handles().map(ToString::to_string).collect()
}

/// Many RAiDs that are equal in what they are sorted by.
fn alike(n: u32) -> RaidWrite {
    let title = if n.is_multiple_of(3) {
        "Sounds of parks"
    } else {
        "Parks"
    };
    let raid = titled(n, title, |raid| {
        raid["description"] = json!([{"text": "sounds"}]);
        raid["date"]["startDate"] = json!(if n.is_multiple_of(2) { "2020" } else { "2021" });
    });
    write(&raid, i64::from(n / 7))
}

async fn pages_to_the_end_are_the_whole_list_while_others_mint(db: &TestDb) {
    let store = sample::store(db).await;
    // Handles out of the order of minting.
    let order = |n: u32| n * 37 % 101;
    for n in 0..60 {
        store.mint(alike(order(n))).await.unwrap();
    }
    let mut next = 1_000;
    for words in ["", "sounds", "parks sounds", "par*"] {
        let search = everything(words);
        for sort in SORTS {
            for direction in DIRECTIONS {
                let whole = handles(&page(&store, &search, (sort, direction), None, 10_000).await);
                assert!(whole.len() >= 60);
                let mut seen = Vec::new();
                let mut after = None;
                loop {
                    let now = page(&store, &search, (sort, direction), after, 7).await;
                    assert!(now.rows.len() <= 7 && !now.rows.is_empty());
                    seen.extend(handles(&now));
                    after = now.next;
                    if after.is_none() {
                        break;
                    }
                    // Few, as each list is longer by them than the one before.
                    if seen.len() < 28 {
                        store.mint(alike(next)).await.unwrap();
                        next += 1;
                    }
                }
                let stood: Vec<_> = seen.iter().filter(|h| whole.contains(h)).cloned().collect();
                assert_eq!(stood, whole, "{words} {sort:?} {direction:?}");
                let mut once = seen.clone();
                once.sort();
                once.dedup();
                assert_eq!(once.len(), seen.len(), "no repeat: {words} {sort:?}");
            }
        }
    }
}

/// A text of few words, so that queries find something.
fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "ice",
        "Icé",
        "snow",
        "snowfall",
        "sea",
        "level",
        "sea-level",
        "冰川",
        "川",
        "straße",
        "1",
        "1e5",
        "3.14",
        "a@b.org",
        "x_y",
        "https://ice.org/sea",
    ]);
    proptest::collection::vec(word, words).prop_map(|words| words.join(" "))
}

fn query() -> impl Strategy<Value = String> {
    let part = (text(1..4), any::<bool>(), any::<bool>()).prop_map(|(text, quoted, prefix)| {
        let mark = if quoted { "\"" } else { "" };
        let star = if prefix { "*" } else { "" };
        format!("{mark}{text}{star}{mark}")
    });
    proptest::collection::vec(part, 1..3).prop_map(|parts| parts.join(" "))
}

/// Any words about any texts: SQLite and PostgreSQL find the same, in the same order.
#[test]
fn both_databases_agree() {
    let (sqlite, postgres) = (TestDb::sqlite(), TestDb::postgres());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stores = [sample::store(&sqlite).await, sample::store(&postgres).await];
        let mut runner = TestRunner::new(Config::default());
        for n in 0..80 {
            let drawn = (text(1..5), text(0..8)).new_tree(&mut runner);
            let (title, description) = drawn.unwrap().current();
            let raid = titled(n, &title, |raid| {
                raid["description"] = json!([{"text": description}]);
            });
            for store in &stores {
                store.mint(write(&raid, i64::from(n % 5))).await.unwrap();
            }
        }
        let mut hits = 0;
        for _ in 0..400 {
            let asked = query().new_tree(&mut runner).unwrap().current();
            let Ok(words) = Query::parse(&asked) else {
                continue;
            };
            let search = Search {
                words: Some(words),
                ..everything("")
            };
            for sort in [Sort::Relevance, Sort::Title] {
                let by = (sort, Direction::Descending);
                let on_sqlite = handles(&page(&stores[0], &search, by, None, 100).await);
                let on_postgres = handles(&page(&stores[1], &search, by, None, 100).await);
                assert_eq!(on_sqlite, on_postgres, "{asked}");
                hits += on_sqlite.len();
            }
        }
        assert!(hits > 1_000, "{hits}: too little was found to compare");
    });
}
