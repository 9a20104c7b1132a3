//! Clocks that are wrong.

use store::Clock;
use store::testing::TestDb;
use time::Duration;

store::on_both_databases!(
    nodes_agree_on_the_time_of_their_database,
    a_clock_follows_what_two_readings_agree_on,
);

/// How far two clocks are apart, but for the time that looking takes.
fn apart(one: &Clock, other: &Clock) -> Duration {
    let first = one.now();
    let between = other.now();
    let second = one.now();
    (between - first).abs().min((between - second).abs())
}

async fn nodes_agree_on_the_time_of_their_database(db: &TestDb) {
    db.store();
    let ahead = db.node_with(Clock::system_off_by(Duration::seconds(8)));
    let behind = db.node_with(Clock::system_off_by(Duration::days(-1)));
    let right = Clock::system();
    if db.settings().is_postgres() {
        for node in [&ahead, &behind] {
            assert!(apart(node.clock(), &right) < Duration::SECOND);
        }
        assert!(apart(ahead.clock(), behind.clock()) < Duration::SECOND);
    } else {
        // One machine: its wall clock is all there is.
        assert!(apart(ahead.clock(), &right) > Duration::seconds(7));
    }
}

async fn a_clock_follows_what_two_readings_agree_on(db: &TestDb) {
    db.store();
    // What SQLite's nodes follow is off by a minute; PostgreSQL's follow the server.
    let clock = Clock::system_off_by(Duration::MINUTE);
    let node = db.node_with(clock.clone());
    let before = apart(&clock, &Clock::system());
    for _ in 0..3 {
        node.correct_clock().await.unwrap();
    }
    let after = apart(&clock, &Clock::system());
    assert!(
        (after - before).abs() < Duration::SECOND,
        "{before} {after}"
    );
}
