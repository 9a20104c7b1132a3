//! Searches among many RAiDs beside the same among few, and late pages beside the first one.

use crate::figures::{Side, Slice, bars, heading, ratio};
use crate::mints::Database;
use crate::requests::{people, requests};
use crate::{name_of, runtime};
use futures::StreamExt as _;
use raid_model::search::Query;
use raid_model::{Handle, Suffix};
use raid_tests::Backend;
use std::time::{Duration, Instant};
use store::changes;
use store::raids::{self, Direction, Key, Place, RaidWrite, Search, Sight, Sort};
use store::{AsText, Json, Timestamp};
use time::macros::datetime;

const ROUNDS: usize = 7;
const SLICE: Duration = Duration::from_secs(1);
const FEW: u64 = 1_000;
const MANY: u64 = 100_000;
/// RAiDs of a page.
const LIMIT: u64 = 20;
/// How many are minted at a time while a database is filled.
const MINTERS: usize = 64;
const NEWEST: (Sort, Direction) = (Sort::Created, Direction::Descending);

/// Prints how searches go on this database.
pub fn measure(backend: Backend) {
    heading(&format!(
        "Search on {}: pages of {LIMIT} among {MANY} RAiDs, and among {FEW}; \
         {ROUNDS} rounds of {SLICE:?} a side",
        name_of(backend)
    ));
    runtime().block_on(async {
        let patterns = requests(&people(50));
        let few = Database::new(backend, &patterns).await;
        let many = Database::again(backend, &few).await;
        fill(&few, FEW).await;
        fill(&many, MANY).await;
        for (text, names, aim) in [
            ("needle", ["a rare word among many", "among few"], Some(0.5)),
            ("hundredth", ["a common word among many", "among few"], None),
        ] {
            let search = searched(text);
            let (mut in_many, mut in_few) = (Side::new(names[0]), Side::new(names[1]));
            for _ in 0..ROUNDS {
                in_many.add(
                    run(
                        &many,
                        &search,
                        (Sort::Relevance, Direction::Descending),
                        None,
                    )
                    .await,
                );
                in_few.add(
                    run(
                        &few,
                        &search,
                        (Sort::Relevance, Direction::Descending),
                        None,
                    )
                    .await,
                );
            }
            bars(&[&in_many, &in_few]);
            ratio(&in_many, &in_few, aim);
        }
        let all = everything();
        let last = MANY - 999 * LIMIT;
        let late = Place {
            in_titles: false,
            key: Key::Moment(minted_at(last)),
            handle: handle(last),
        };
        let (mut late_page, mut first_page) = (Side::new("page 1000"), Side::new("page 1"));
        let mut of_few = Side::new("page 1 among few");
        for _ in 0..ROUNDS {
            late_page.add(run(&many, &all, NEWEST, Some(&late)).await);
            first_page.add(run(&many, &all, NEWEST, None).await);
            of_few.add(run(&few, &all, NEWEST, None).await);
        }
        bars(&[&late_page, &first_page, &of_few]);
        ratio(&late_page, &first_page, Some(0.8));
        // Equal pages can be equally slow.
        ratio(&first_page, &of_few, Some(0.5));
        let (mut late_changes, mut first_changes) =
            (Side::new("changes 1000"), Side::new("changes 1"));
        reach_all(&many).await;
        for _ in 0..ROUNDS {
            late_changes.add(follow(&many, 999 * LIMIT).await);
            first_changes.add(follow(&many, 0).await);
        }
        bars(&[&late_changes, &first_changes]);
        ratio(&late_changes, &first_changes, Some(0.8));
    });
}

/// Gives every version its position in the feed of changes.
async fn reach_all(database: &Database) {
    let store = database.test.store();
    while store.changes_reach().await.expect("the feed").more {}
}

/// One caller asks for the same page of the feed again and again.
async fn follow(database: &Database, after: u64) -> Slice {
    let store = database.test.store();
    let after = i64::try_from(after).expect("few");
    let limit = i64::try_from(LIMIT).expect("few");
    let mut latencies = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SLICE {
        let started = Instant::now();
        store.changes_reach().await.expect("the feed");
        let page = store.read(move |c| changes::page(c, &Sight::default(), after, limit));
        let page = page.await.expect("a page of the feed");
        assert!(!page.changes.is_empty(), "something has changed");
        latencies.push(started.elapsed());
    }
    Slice {
        rate: latencies.len() as f64 / began.elapsed().as_secs_f64(),
        latencies,
    }
}

fn everything() -> Search {
    Search::all(Sight::default(), datetime!(2026-06-22 00:00).date())
}

fn searched(text: &str) -> Search {
    Search {
        words: Some(Query::parse(text).expect("a query")),
        ..everything()
    }
}

fn handle(n: u64) -> Handle {
    let prefix = "10.82841".parse().expect("a prefix");
    Handle::new(prefix, Suffix::from_random(u128::from(n)))
}

fn minted_at(n: u64) -> Timestamp {
    let seconds = i64::try_from(n).expect("few");
    datetime!(2026-01-01 00:00) + time::Duration::seconds(seconds)
}

/// Twenty of the first thousand have the rare word, and one of a hundred has the common one.
async fn fill(database: &Database, count: u64) {
    let store = database.test.store();
    let writes = (0..count).map(|n| {
        let index = usize::try_from(n).expect("few") % database.patterns.len();
        write(&database.patterns[index], n)
    });
    let mut minted = futures::stream::iter(writes)
        .map(|write| store.mint(write))
        .buffer_unordered(MINTERS);
    while let Some(done) = minted.next().await {
        done.expect("a mint");
    }
}

fn write(pattern: &RaidWrite, n: u64) -> RaidWrite {
    let handle = AsText::from(handle(n));
    let mut search = pattern.search.clone();
    if n < FEW && n.is_multiple_of(50) {
        search.texts.push_str(" needle");
    }
    if n.is_multiple_of(100) {
        search.titles.push_str(" hundredth");
    }
    let document = pattern
        .document
        .0
        .replace(pattern.handle.as_str(), handle.as_str());
    RaidWrite {
        document: Json(document),
        handle,
        search,
        at: minted_at(n),
        due_at: minted_at(n),
        ..pattern.clone()
    }
}

/// One caller asks for the same page again and again.
async fn run(
    database: &Database,
    search: &Search,
    by: (Sort, Direction),
    after: Option<&Place>,
) -> Slice {
    let store = database.test.store();
    let limit = i64::try_from(LIMIT).expect("few");
    let mut latencies = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SLICE {
        let (search, after) = (search.clone(), after.cloned());
        let started = Instant::now();
        let page = store.read(move |c| raids::search(c, &search, by, after.as_ref(), limit));
        let page = page.await.expect("a search");
        assert!(!page.rows.is_empty(), "something is found");
        latencies.push(started.elapsed());
    }
    Slice {
        rate: latencies.len() as f64 / began.elapsed().as_secs_f64(),
        latencies,
    }
}
