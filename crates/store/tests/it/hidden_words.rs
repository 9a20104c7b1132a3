//! The words and connections of embargoed RAiDs in the index.

use crate::sample::{ISSUER, SERVICE_POINT, at};
use crate::search::{BEST, found, words};
use crate::searched::{self, ELSEWHERE, OTHER_ROR, with_shared};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use raid_model::search::Term;
use store::holders::{Holder, HolderRole};
use store::raids::{self, Search, Sight};
use store::testing::TestDb;
use store::{Conn, Store, StoreError};
use time::macros::date;

store::on_both_databases!(hidden_words_are_found_by_those_alone_who_may_see_them);

#[derive(QueryableByName)]
struct Hits {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How often the index of words has a word, whoever may see it.
async fn hits(store: &Store, word: &str) -> i64 {
    let word = word.to_owned();
    let count = move |c: &mut Conn| -> Result<Vec<Hits>, StoreError> {
        Ok(match c {
            Conn::Postgres(c) => {
                let sql =
                    "SELECT count(*) AS count FROM raid_words WHERE words @@ CAST($1 AS tsquery)";
                sql_query(sql)
                    .bind::<Text, _>(format!("'{word}'"))
                    .load(c)?
            }
            Conn::Sqlite(c) => {
                let sql =
                    "SELECT count(*) AS count FROM raid_words_index WHERE raid_words_index MATCH ?";
                sql_query(sql)
                    .bind::<Text, _>(format!("\"{word}\""))
                    .load(c)?
            }
        })
    };
    store.read(count).await.unwrap()[0].count
}

/// A search of somebody who may not see an embargoed RAiD finds nothing of it in the index of words, so
/// that it takes as long as if the RAiD were not there.
async fn hidden_words_are_found_by_those_alone_who_may_see_them(db: &TestDb) {
    let store = with_shared(db).await;
    assert_eq!(hits(&store, "secret").await, 0);
    assert_eq!(hits(&store, "climate").await, 5, "the withdrawn one, too");
    let of = |id| Sight {
        service_point: Some(id),
        ..Sight::default()
    };
    let held = |role| Sight {
        holder: Some(Holder {
            issuer: ISSUER.to_owned(),
            subject: "somebody".to_owned(),
            roles: vec![role],
        }),
        ..Sight::default()
    };
    let sees = async |sight: &Sight| {
        let mut found_by = Vec::new();
        for text in [
            "secret",
            "secr*",
            "\"secret climate change\"",
            "climate secret",
        ] {
            let search = Search {
                sight: sight.clone(),
                ..words(text)
            };
            found_by.push(found(&store, &search, BEST).await == [5]);
            let total = store.read(move |c| raids::total(c, &search)).await.unwrap();
            found_by.push(total == 1);
        }
        let connected = Search {
            sight: sight.clone(),
            connections: vec![vec![Term::organisation(OTHER_ROR).unwrap()]],
            ..Search::all(Sight::default(), date!(2026 - 06 - 22))
        };
        found_by.push(found(&store, &connected, BEST).await.contains(&5));
        let total = store.read(move |c| raids::total(c, &connected)).await;
        found_by.push(total.unwrap() == 2);
        found_by.dedup();
        assert_eq!(found_by.len(), 1, "{sight:?}");
        found_by[0]
    };
    for sight in [
        Sight::everything(),
        of(SERVICE_POINT),
        held(HolderRole::RaidAdmin),
    ] {
        assert!(sees(&sight).await, "{sight:?}");
    }
    for sight in [Sight::default(), of(ELSEWHERE), held(HolderRole::RaidUser)] {
        assert!(!sees(&sight).await, "{sight:?}");
    }
    // Marks are no words.
    for text in ["2021*", "20000000*", "\u{2020}secret", "\u{2021}secret"] {
        let search = Search {
            sight: Sight::everything(),
            ..words(text)
        };
        assert!(found(&store, &search, BEST).await.len() <= 1, "{text}");
    }
    // It is given to the other service point, then its embargo ends.
    let raid = searched::shared()[4].clone();
    let owner = raid.identifier.owner.id;
    let given = raid.with_owner(owner, ELSEWHERE, at(20).assume_utc());
    let mut open = given.clone().next_version(at(30).assume_utc());
    open.access = searched::shared()[0].access.clone();
    let amend = async |raid: &raid_model::Raid, seconds| {
        let write = searched::write(raid, seconds);
        let amend = store.write(move |c| raids::amend(c, &write));
        amend.await.unwrap();
    };
    amend(&given, 20).await;
    assert!(sees(&of(ELSEWHERE)).await);
    assert!(!sees(&of(SERVICE_POINT)).await);
    amend(&open, 30).await;
    assert_eq!(hits(&store, "secret").await, 1);
    assert!(sees(&Sight::default()).await);
}
