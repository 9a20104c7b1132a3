//! Pages that are bounded by the bytes of their documents.

use crate::sample;
use crate::searched::{titled, write};
use raid_model::search::Query;
use serde_json::json;
use store::Store;
use store::raids::{self, Direction, Filter, PageSize, Search, Sight, Sort};
use store::testing::TestDb;
use time::macros::date;

store::on_both_databases!(
    a_list_in_pages_of_bytes_is_the_whole_list,
    a_search_in_pages_of_bytes_is_the_whole_search,
);

const RAIDS: u32 = 50;

/// RAiDs of which every seventh is larger than a page.
async fn store_with_large_raids(db: &TestDb) -> Store {
    let store = sample::store(db).await;
    for n in 0..RAIDS {
        let title = if n.is_multiple_of(3) {
            "Sounds"
        } else {
            "Parks"
        };
        let length = if n.is_multiple_of(7) { 30_000 } else { 2_000 };
        let raid = titled(n, title, |raid| {
            raid["description"] = json!([{"text": "sounds"}]);
            raid["alternateUrl"] = json!([{"url": "x".repeat(length)}]);
        });
        store.mint(write(&raid, i64::from(n))).await.unwrap();
    }
    store
}

/// The sizes to try, each with the most RAiDs that one page may then have.
const SIZES: [(PageSize, usize); 3] = [
    (
        PageSize {
            rows: 1000,
            bytes: 10_000,
        },
        4,
    ),
    (
        PageSize {
            rows: 3,
            bytes: 10_000,
        },
        3,
    ),
    (
        PageSize {
            rows: 1000,
            bytes: 1,
        },
        1,
    ),
];

async fn a_list_in_pages_of_bytes_is_the_whole_list(db: &TestDb) {
    let store = store_with_large_raids(db).await;
    let all = store.read(|c| raids::page(c, &Filter::default(), None, 1000));
    let all: Vec<_> = all
        .await
        .unwrap()
        .rows
        .into_iter()
        .map(|r| r.handle)
        .collect();
    assert_eq!(all.len(), RAIDS as usize);
    for (size, most) in SIZES {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page =
                store.read(move |c| raids::page(c, &Filter::default(), after.as_ref(), size));
            let page = page.await.unwrap();
            assert!((1..=most).contains(&page.rows.len()), "{}", page.rows.len());
            found.extend(page.rows.into_iter().map(|r| r.handle));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, all, "{size:?}");
    }
}

/// Also where those that are found by their titles come first.
async fn a_search_in_pages_of_bytes_is_the_whole_search(db: &TestDb) {
    let store = store_with_large_raids(db).await;
    let search = Search {
        words: Some(Query::parse("sounds").unwrap()),
        ..Search::all(Sight::default(), date!(2026 - 03 - 02))
    };
    for sort in [Sort::Relevance, Sort::Title] {
        let by = (sort, Direction::Descending);
        let read = search.clone();
        let all = store.read(move |c| raids::search(c, &read, by, None, 1000));
        let all: Vec<_> = all.await.unwrap().handles().cloned().collect();
        assert_eq!(all.len(), RAIDS as usize);
        for (size, most) in SIZES {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let read = search.clone();
                let page = store.read(move |c| raids::search(c, &read, by, after.as_ref(), size));
                let page = page.await.unwrap();
                assert!((1..=most).contains(&page.rows.len()), "{}", page.rows.len());
                found.extend(page.handles().cloned());
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, all, "{size:?}");
        }
    }
}
