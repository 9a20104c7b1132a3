//! The search index follows every version, and catches up with what older programs wrote.

use crate::sample;
use crate::searched::{OTHER_PERSON, PERSON, titled, write};
use diesel::connection::SimpleConnection as _;
use raid_model::search::{Query, Term};
use serde_json::json;
use store::raids::{self, Direction, Search, Sight, Sort};
use store::testing::TestDb;
use store::{Conn, Store};
use time::macros::date;

store::on_both_databases!(
    a_new_version_is_found_by_what_it_says_now,
    what_older_programs_wrote_is_indexed_once,
    a_document_that_cannot_be_read_stops_nothing,
);

const TODAY: time::Date = date!(2026 - 03 - 02);

fn everything() -> Search {
    Search::all(Sight::everything(), TODAY)
}

fn words(text: &str) -> Search {
    Search {
        words: Some(Query::parse(text).unwrap()),
        ..everything()
    }
}

fn person(id: &str) -> Search {
    Search {
        connections: vec![vec![Term::contributor(id).unwrap()]],
        ..everything()
    }
}

async fn count(store: &Store, search: Search) -> i64 {
    store.read(move |c| raids::total(c, &search)).await.unwrap()
}

async fn a_new_version_is_found_by_what_it_says_now(db: &TestDb) {
    let store = sample::store(db).await;
    let first = titled(1, "Old words", |_| {});
    store.mint(write(&first, 1)).await.unwrap();
    store
        .mint(write(&titled(2, "Old neighbour", |_| {}), 1))
        .await
        .unwrap();
    assert_eq!(count(&store, words("old")).await, 2);
    assert_eq!(count(&store, person(PERSON)).await, 2);
    let mut second = titled(1, "New words", |raid| {
        raid["contributor"][0]["id"] = json!(OTHER_PERSON);
        raid["date"]["endDate"] = json!("2021");
    });
    second.identifier.version = 2;
    store
        .write(move |c| raids::amend(c, &write(&second, 2)))
        .await
        .unwrap();
    assert_eq!(count(&store, words("old")).await, 1);
    assert_eq!(count(&store, words("old words")).await, 0);
    assert_eq!(count(&store, words("new words")).await, 1);
    assert_eq!(count(&store, person(PERSON)).await, 1);
    assert_eq!(count(&store, person(OTHER_PERSON)).await, 1);
    let ended = Search {
        end_to: Some(date!(2021 - 12 - 31)),
        ..everything()
    };
    assert_eq!(count(&store, ended).await, 1);
    assert_eq!(
        store
            .write(|c| raids::index_some(c, 10, TODAY))
            .await
            .unwrap(),
        0,
        "nothing is behind"
    );
}

fn batch(c: &mut Conn, sql: &str) {
    c.batch_execute(sql).unwrap();
}

async fn what_older_programs_wrote_is_indexed_once(db: &TestDb) {
    let store = sample::store(db).await;
    for n in 1..=25 {
        store
            .mint(write(&titled(n, "Word", |_| {}), 1))
            .await
            .unwrap();
    }
    // As if they had been written before there was an index; one was changed by an older program.
    let changed = serde_json::to_string(&titled(3, "Changed", |_| {})).unwrap();
    store
        .write(move |c| {
            let index_of_words = match c {
                Conn::Sqlite(_) => "DELETE FROM raid_words_index WHERE rowid <> 3; DELETE FROM raid_words WHERE id <> 3;",
                Conn::Postgres(_) => "DELETE FROM raid_words WHERE handle <> '10.82210/00000003';",
            };
            batch(c, index_of_words);
            batch(c, "DELETE FROM raid_term WHERE handle <> '10.82210/00000003'; \
                      UPDATE raid SET sort_title = NULL, starts_on = NULL, indexed_version = NULL \
                      WHERE handle <> '10.82210/00000003';");
            batch(c, &format!("UPDATE raid SET version = 2, document = '{changed}' \
                      WHERE handle = '10.82210/00000003';"));
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(count(&store, words("word")).await, 1);
    // Two nodes that start at the same time.
    let indexing = async |store: Store| {
        let mut steps = 0;
        while store
            .write(|c| raids::index_some(c, 4, TODAY))
            .await
            .unwrap()
            == 4
        {
            steps += 1;
            assert!(steps < 30, "it ends");
        }
    };
    tokio::join!(indexing(store.clone()), indexing(db.another_node()));
    assert_eq!(count(&store, words("word")).await, 24);
    assert_eq!(count(&store, words("changed")).await, 1);
    assert_eq!(count(&store, person(PERSON)).await, 25);
    let by = (Sort::Title, Direction::Ascending);
    let sorted = store
        .read(move |c| raids::search(c, &everything(), by, None, 100))
        .await
        .unwrap();
    assert_eq!(sorted.rows.len(), 25);
    assert_eq!(sorted.rows[0].version, 2);
    // Each word once: a RAiD that changes leaves none behind.
    let mut gone = titled(7, "Else", |_| {});
    gone.identifier.version = 2;
    store
        .write(move |c| raids::amend(c, &write(&gone, 3)))
        .await
        .unwrap();
    assert_eq!(count(&store, words("word")).await, 23);
}

async fn a_document_that_cannot_be_read_stops_nothing(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(sample::raid(1, &[])).await.unwrap();
    store
        .mint(write(&titled(2, "Word", |_| {}), 1))
        .await
        .unwrap();
    store
        .write(|c| {
            batch(c, "UPDATE raid SET indexed_version = NULL");
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(
        store
            .write(|c| raids::index_some(c, 10, TODAY))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .write(|c| raids::index_some(c, 10, TODAY))
            .await
            .unwrap(),
        0
    );
    assert_eq!(count(&store, words("word")).await, 1);
}
