//! How SQLite goes about lists and searches: what sorts all RAiDs for a page, or opens RAiDs to find out
//! that they are not wanted, is slow where there are many.

use super::lists::{self, After, Filter};
use super::search::{handles, matching};
use super::sight::Sight;
use super::{Access, Direction, Key, Place, Search, Sort, Status};
use crate::conn::Conn;
use crate::holders::{Holder, HolderRole};
use crate::plan;
use diesel::prelude::*;
use raid_model::Handle;
use raid_model::search::Term;
use time::macros::{date, datetime};

#[track_caller]
fn assert_sorts_nothing(plan: &str) {
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    assert!(plan.contains("COVERING INDEX"), "{plan}");
}

fn handle() -> Handle {
    "10.82841/abc".parse().unwrap()
}

/// What readers of each kind see.
fn sights() -> [Sight; 3] {
    let of_service_point = Sight {
        service_point: Some(20_000_000),
        ..Sight::default()
    };
    [Sight::default(), of_service_point, Sight::everything()]
}

fn searches() -> Vec<Search> {
    let all = |sight| Search::all(sight, date!(2026 - 06 - 22));
    let mut searches: Vec<_> = sights().into_iter().map(all).collect();
    let everything = || all(Sight::everything());
    searches.extend([
        Search {
            access: Some(Access::Embargoed),
            ..everything()
        },
        Search {
            service_point: Some(20_000_000),
            ..everything()
        },
        Search {
            status: Some(Status::Active),
            ..everything()
        },
        Search {
            start_from: Some(date!(2026 - 01 - 01)),
            end_to: Some(date!(2026 - 12 - 31)),
            ..everything()
        },
        Search {
            updated_since: Some(datetime!(2026-06-22 00:00)),
            ..everything()
        },
    ]);
    searches
}

#[test]
fn a_page_of_a_list_sorts_nothing() {
    let mut c = Conn::Sqlite(plan::database());
    let after = After {
        at: datetime!(2026-06-22 00:00),
        handle: handle(),
    };
    for service_point in [None, Some(20_000_000)] {
        for access in [None, Some(Access::Open), Some(Access::Embargoed)] {
            let filter = Filter {
                service_point,
                access,
                ..Filter::default()
            };
            for after in [None, Some(&after)] {
                let page = lists::handles(&filter, after, 100);
                assert_sorts_nothing(&plan::of(&mut c, page));
            }
        }
    }
}

#[test]
fn what_changed_since_is_found_by_index() {
    let mut c = Conn::Sqlite(plan::database());
    let after = After {
        at: datetime!(2026-06-23 00:00),
        handle: handle(),
    };
    for access in [Access::Open, Access::Embargoed] {
        let filter = Filter {
            access: Some(access),
            updated_from: Some(datetime!(2026-06-22 00:00)),
            ..Filter::default()
        };
        for after in [None, Some(&after)] {
            let plan = plan::of(&mut c, lists::handles(&filter, after, 100));
            assert_sorts_nothing(&plan);
            assert!(
                plan.contains("SEARCH raid USING COVERING INDEX raid_by_change (updated_at>"),
                "{plan}"
            );
        }
    }
}

#[test]
fn a_page_of_a_search_without_words_sorts_nothing() {
    let mut c = Conn::Sqlite(plan::database());
    let moment = Key::Moment(datetime!(2026-06-22 00:00));
    let sorts = [
        (Sort::Relevance, moment.clone()),
        (Sort::Created, moment.clone()),
        (Sort::Updated, moment),
        (Sort::Title, Key::Title("soil".to_owned())),
        (Sort::Start, Key::Day(date!(2026 - 06 - 22))),
    ];
    for search in searches() {
        for (sort, key) in &sorts {
            for direction in [Direction::Ascending, Direction::Descending] {
                let place = Place {
                    in_titles: false,
                    key: key.clone(),
                    handle: handle(),
                };
                for after in [None, Some(&place)] {
                    let page = handles(search.filters(), (*sort, direction), after, 20);
                    let plan = plan::of(&mut c, page);
                    // Of one service point, what an index holds may be sorted.
                    if search.service_point.is_some() && plan.contains("raid_by_owner") {
                        assert!(plan.contains("COVERING INDEX"), "{plan}");
                    } else {
                        assert_sorts_nothing(&plan);
                    }
                }
            }
        }
    }
}

#[test]
fn counting_opens_no_raid() {
    let mut c = Conn::Sqlite(plan::database());
    for search in searches() {
        for status in [None, Some(Status::Active), Some(Status::Ended)] {
            let search = Search {
                status,
                ..search.clone()
            };
            let plan = plan::of(&mut c, matching(search.filters()).count());
            assert!(plan.contains("COVERING INDEX"), "{search:?}: {plan}");
        }
    }
}

/// The index leads to those rows alone that somebody may see.
#[test]
fn connections_of_embargoed_raids_are_not_looked_at() {
    let mut c = Conn::Sqlite(plan::database());
    let [stranger, of_service_point, everything] = sights();
    let holder = Sight {
        holder: Some(Holder {
            issuer: "https://iam.example.org".to_owned(),
            subject: "somebody".to_owned(),
            roles: vec![HolderRole::RaidAdmin],
        }),
        ..Sight::default()
    };
    let search = |sight| Search {
        connections: vec![Term::subjects("3103")],
        ..Search::all(sight, date!(2026 - 06 - 22))
    };
    let own_rows = "raid_term_by_reader (kind=? AND value=? AND only_for=?)";
    for sight in [stranger, of_service_point, holder.clone()] {
        let plan = plan::of(&mut c, matching(search(sight).filters()).count());
        assert!(plan.contains(own_rows), "{plan}");
        let all_rows = plan.matches("raid_term_by_reader").count();
        assert_eq!(all_rows, 1, "{plan}");
    }
    let plan = plan::of(&mut c, matching(search(holder).filters()).count());
    assert!(plan.contains("(handle=? AND kind=? AND value=?)"), "{plan}");
    let plan = plan::of(&mut c, matching(search(everything).filters()).count());
    assert!(!plan.contains("only_for"), "{plan}");
}
