//! A database that takes no writes: 503 with `Retry-After`, not ready, reads go on, and it heals.

use crate::psql::{another_database, psql};
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Agency, Backend, Browser, Client, Reply, Stage, eventually};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// A process whose files may not grow meets what it would meet on a disk that takes nothing.
#[test]
fn files_that_may_not_grow() {
    raid_tests::run(Backend::Sqlite, async |stage| {
        let agency = stage.agency().await;
        let pid = Pid::from_raw(agency.pid().unwrap().cast_signed());
        let most = getrlimit(Resource::Fsize);
        let limit_to = |current| {
            let limit = Rlimit { current, ..most };
            prlimit(pid, Resource::Fsize, limit).unwrap();
        };
        let stop = || limit_to(Some(0));
        takes_no_writes_and_heals(stage, &agency, stop, || limit_to(most.current)).await;
    });
}

/// As after a failover to a standby, or where an operator made the database read-only.
#[test]
fn a_read_only_postgres() {
    raid_tests::run(Backend::Postgres, async |stage| {
        let server = another_database(stage, "postgres");
        let name = format!("read_only_{}", std::process::id());
        psql(&server, &format!("CREATE DATABASE {name}"));
        let url = another_database(stage, &name);
        let agency = stage
            .agency_with(&format!("[store]\nurl = \"{url}\""))
            .await;
        let read_only = || {
            let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
            psql(&server, &set);
            // A failover ends the connections.
            psql(
                &server,
                &format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                ),
            );
        };
        let writable = || {
            let reset = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
            psql(&server, &reset);
        };
        takes_no_writes_and_heals(stage, &agency, read_only, writable).await;
        drop(agency);
        psql(&server, &format!("DROP DATABASE {name} WITH (FORCE)"));
    });
}

async fn takes_no_writes_and_heals(
    stage: &Stage,
    agency: &Agency<'_>,
    stop: impl FnOnce(),
    go_on: impl FnOnce(),
) {
    let client = agency.client();
    let handle = handle_of(&client.mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    agency.rest().await;
    stop();
    // Whoever meets the trouble first may be left in doubt; nobody is after that.
    let refused = mint_until(&client, 503).await;
    assert_eq!(refused.header("Retry-After"), "30");
    let problem = refused.json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Nothing was written"), "{problem}");
    for _ in 0..5 {
        client
            .post("/raid/", &examples::minimal())
            .await
            .expect(503);
    }
    becomes(agency, 503).await;
    let details = agency.watcher().get("/health/details").await.json();
    assert_eq!(details["database"]["status"], "DOWN");
    let reason = details["database"]["reason"].as_str().unwrap();
    assert!(reason.contains("takes no writes"), "{reason}");
    for path in [format!("/raid/{handle}"), "/raid/".to_owned()] {
        eventually("reads to go on", async || {
            (client.get(&path).await.status == 200).then_some(())
        })
        .await;
    }
    let pressed = browser.press(&landing, "Continue to ORCID").await;
    assert_eq!(pressed.status, 503);
    assert_eq!(pressed.headers["Retry-After"], "60");
    eventually("the page to be shown", async || {
        let page = browser.open(landing.url.as_str()).await;
        (page.status == 200).then_some(())
    })
    .await;
    let before = count(&client).await;
    go_on();
    becomes(agency, 200).await;
    mint_until(&client, 201).await;
    assert_eq!(
        count(&client).await,
        before + 1,
        "what was refused is not there"
    );
}

async fn mint_until(client: &Client, status: u16) -> Reply {
    eventually("a mint to be answered so", async || {
        let reply = client.post("/raid/", &examples::minimal()).await;
        (reply.status == status).then_some(reply)
    })
    .await
}

async fn becomes(agency: &Agency<'_>, status: u16) {
    let watcher = agency.watcher();
    eventually("the readiness to change", async || {
        let reply = watcher.get("/health/ready").await;
        (reply.status == status).then_some(())
    })
    .await;
}

async fn count(client: &Client) -> usize {
    client.list().await.len()
}
