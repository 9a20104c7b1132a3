//! Numbers of service points: each agency has a block.

use store::service_points::Taken;
use store::service_points::{self, ServicePointRow};
use store::testing::TestDb;

store::on_both_databases!(
    a_new_service_point_gets_the_next_number_of_the_block,
    of_several_nodes_one_gets_a_name,
);

fn row(id: i64, name: &str) -> ServicePointRow {
    ServicePointRow {
        id,
        name: name.to_owned(),
        identifier_owner: "https://ror.org/000000098".to_owned(),
        repository_id: None,
        prefix: "10.82841".to_owned(),
        group_id: name.to_owned(),
        admin_email: None,
        tech_email: None,
        enabled: true,
        app_writes_enabled: true,
        created_at: store::Clock::system().now(),
        retired: false,
        trust: raid_model::trust::Trust::Auto,
    }
}

async fn a_new_service_point_gets_the_next_number_of_the_block(db: &TestDb) {
    let store = db.store();
    for (id, name) in [
        (20_000_005, "before the block was set"),
        (9_999_999, "below"),
    ] {
        let row = row(id, name);
        store
            .write(move |c| service_points::seed(c, &row))
            .await
            .unwrap();
    }
    for (name, number) in [("first", 10_000_000), ("second", 10_000_001)] {
        let row = row(10_000_000, name);
        let made = store.write(move |c| service_points::create(c, &row)).await;
        assert_eq!(made.unwrap(), Ok(number));
    }
}

/// Each node looks whether number and name are free before the others have written theirs.
async fn of_several_nodes_one_gets_a_name(db: &TestDb) {
    // The schema is made with the first of them.
    db.store();
    let nodes: Vec<_> = (0..4).map(|_| db.another_node()).collect();
    for number in 0..10_u8 {
        let name = format!("Library {number}");
        let mut tries = tokio::task::JoinSet::new();
        for node in nodes.clone() {
            let row = row(10_000_000, &name);
            tries.spawn(async move {
                node.write(move |c| service_points::create(c, &row))
                    .await
                    .unwrap()
            });
        }
        let made = tries.join_all().await;
        let (made, taken): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(made, [Ok(10_000_000 + i64::from(number))]);
        assert_eq!(taken, [Err(Taken::Name); 3]);
    }
}
