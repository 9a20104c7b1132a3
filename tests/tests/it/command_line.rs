//! The commands, and how a process starts and ends.

use crate::settings::{on_stage, production, set};
use crate::steps::granted_project;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Backend, Browser, Client, Stage, eventually};
use serde_json::json;

raid_tests::on_both_databases!(
    migrate_prepares_an_empty_database_once,
    serve_does_not_migrate_where_it_may_not,
    a_database_belongs_to_one_environment,
    token_prints_what_the_api_accepts,
    config_shows_what_is_in_effect_and_no_secret,
    health_and_metrics_tell_how_it_is,
    roles_run_in_processes_of_their_own,
    damaged_records_are_listed_and_repaired,
    a_stop_gives_work_back_at_once,
    what_was_acknowledged_survives_a_stop,
);

async fn migrate_prepares_an_empty_database_once(stage: &Stage) {
    let first = stage.command(&["migrate"]).output();
    assert!(first.contains("ran migration 0001"), "{first}");
    let second = stage.command(&["migrate"]).output();
    assert_eq!(second, "the schema is up to date\n");
    let agency = stage.agency_with("[store]\nmigrate = false").await;
    agency.client().mint(&examples::minimal()).await;
}

async fn serve_does_not_migrate_where_it_may_not(stage: &Stage) {
    let complaint = stage.refused_start("[store]\nmigrate = false");
    assert!(
        complaint.contains("run `raid-agency migrate`"),
        "{complaint}"
    );
}

async fn a_database_belongs_to_one_environment(stage: &Stage) {
    stage.command(&["token"]).output();
    let sandbox = &production(|table| {
        on_stage(table);
        set(table, "orcid.environment", "sandbox");
        set(table, "auth.local", true);
    });
    let complaint = stage.refused_start(sandbox);
    for word in ["simulator", "sandbox", "database"] {
        assert!(complaint.contains(word), "{complaint}");
    }
    let complaint = stage.command_with(sandbox, &["token"]).complaint();
    assert!(complaint.contains("sandbox"), "{complaint}");
}

async fn token_prints_what_the_api_accepts(stage: &Stage) {
    let agency = stage.agency().await;
    let anonymous = agency.client().anonymous();
    anonymous
        .post("/raid/", &examples::minimal())
        .await
        .expect(401);
    anonymous
        .with_token("nonsense")
        .post("/raid/", &examples::minimal())
        .await
        .expect(401);

    let token = stage.command(&["token", "--subject", "somebody"]).output();
    assert_eq!(token.lines().count(), 1);
    let user = anonymous.with_token(token.trim());
    user.mint(&examples::minimal()).await;

    let token = stage.command(&["token", "--role", "operator"]).output();
    let operator = anonymous.with_token(token.trim());
    assert_eq!(operator.get("/service-point/").await.status, 200);

    let unknown = stage.command(&["token", "--role", "emperor"]).complaint();
    assert!(
        unknown.contains("service-point-user"),
        "it names the roles: {unknown}"
    );
    let nowhere = stage
        .command(&["token", "--service-point", "7"])
        .complaint();
    assert!(nowhere.contains("no such service point"), "{nowhere}");
    // Tokens that are kept need no key of the agency's.
    let elsewhere = stage
        .command_with("[auth]\nlocal = false", &["token"])
        .output();
    let user = anonymous.with_token(elsewhere.trim());
    user.get("/raid/").await.expect(200);
}

async fn config_shows_what_is_in_effect_and_no_secret(stage: &Stage) {
    let key = "00".repeat(31) + "a7";
    let settings = format!("[keys]\nlinks = \"{key}\"\n[keys.sealing]\n\"1\" = \"{key}\"");
    let mut command = stage.program(&settings);
    command
        .arg("config")
        .env("RAID_ORCID__CLIENT_ID", "APP-FROMTHEENV")
        .env("RAID_MAIL__SMTP_PASSWORD", "hunter2hunter2")
        .env("RAID_WORKER__SLOTS", "3");
    let output = command.output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "client_id = \"APP-FROMTHEENV\"",
        "slots = 3",
        "settle_delay = \"100ms\"",
        "smtp_password = \"(set, not shown)\"",
        "client_secret = \"(set, not shown)\"",
        "links = \"(set, not shown)\"",
        "1 = \"(set, not shown)\"",
        "tokens = \"\"",
        "licence = \"Creative Commons CC-0\"",
    ] {
        assert!(shown.contains(line), "{line} is not in:\n{shown}");
    }
    let mut secrets = vec![key, "hunter2hunter2".to_owned()];
    secrets.push(stage.orcid.client_secret().to_owned());
    let database = url::Url::parse(&stage.database_url()).ok();
    secrets.extend(database.and_then(|url| url.password().map(str::to_owned)));
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} is in:\n{shown}");
    }
}

/// No database is looked at so early.
#[test]
fn a_mistake_in_the_configuration_is_named() {
    raid_tests::run(Backend::Sqlite, every_mistake_is_named);
}

async fn every_mistake_is_named(stage: &Stage) {
    let not_hex = "[keys.sealing]\n\"1\" = \"12345\"";
    let cases = [
        ("[orcid]\nclientid = \"APP-1\"", "config", "clientid"),
        ("[orcidd]\nclient_id = \"APP-1\"", "config", "orcidd"),
        (
            "[worker]\nlease = \"a fortnight\"",
            "config",
            "worker.lease",
        ),
        ("[worker]\nlease = \"3s\"", "config", "worker.lease"),
        ("[worker]\nslots = 0", "config", "worker.slots"),
        ("[orcid]\nper_second = 0.0", "config", "orcid.per_second"),
        (
            "[orcid]\nenvironment = \"playground\"",
            "config",
            "playground",
        ),
        (
            "[server]\npublic_url = \"nonsense\"",
            "config",
            "server.public_url",
        ),
        (
            "[simulator]\nenabled = true\n[orcid]\nenvironment = \"sandbox\"",
            "config",
            "simulator",
        ),
        ("[server", "config", "agency"),
        (not_hex, "token", "keys.sealing.1"),
        (
            "[orcid]\nclient_secret_file = \"/nowhere/secret\"\nclient_secret = \"\"",
            "serve",
            "/nowhere/secret",
        ),
        ("[orcid]\nweb_url = \"nonsense\"", "serve", "orcid.web_url"),
        ("[mail]\nfrom = \"nobody\"", "serve", "mail.from"),
        (
            "[[auth.issuers]]\nissuer = \"https://iam.example.org\"",
            "serve",
            "auth.issuers.audience",
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://iam.example.org\"\nany_audience = true\n\
             roles = [\"king\"]",
            "config",
            "auth.issuers.roles",
        ),
        ("[auth]\nkeys_pause = \"6m\"", "config", "auth.keys_max_age"),
        // The stage's settings name a client's secret, which could be a real one.
        (
            "[simulator]\nweb = \"127.0.0.1:0\"",
            "simulator",
            "orcid.client_secret",
        ),
        (
            "[orcid]\nenvironment = \"production\"",
            "simulator",
            "orcid.environment",
        ),
        ("[log]\nfilter = \"=,=\"", "serve", "log.filter"),
    ];
    for (settings, command, named) in cases {
        let complaint = match command {
            "serve" => stage.refused_start(settings),
            command => stage.command_with(settings, &[command]).complaint(),
        };
        assert!(complaint.contains(named), "{named} is not in: {complaint}");
        assert!(
            !complaint.contains("12345"),
            "it shows a secret: {complaint}"
        );
        assert_says_it_once(&complaint);
    }
    let complaint = stage
        .command(&["--config", "nowhere.toml", "config"])
        .complaint();
    assert!(complaint.contains("nowhere.toml"), "{complaint}");
    assert_says_it_once(&complaint);
}

/// A cause that is told twice makes a long message unreadable.
fn assert_says_it_once(complaint: &str) {
    // Each setting that is refused has a line.
    for line in complaint.lines() {
        let parts = line.split(": ").filter(|part| part.len() > 20);
        let parts: Vec<&str> = parts.collect();
        for (number, part) in parts.iter().enumerate() {
            assert!(!parts[..number].contains(part), "told twice: {complaint}");
        }
    }
}

async fn health_and_metrics_tell_how_it_is(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let (public, internal) = (Client::new(agency.url(), None), agency.watcher());
    assert_eq!(public.get("/health/live").await.expect(200)["status"], "UP");
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(internal.get(path).await.expect(200)["status"], "UP");
    }
    let metrics = internal.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    for line in metrics
        .text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        assert!(
            line.rsplit_once(' ')
                .is_some_and(|(_, v)| v.parse::<f64>().is_ok()),
            "{line}"
        );
    }
    let calls = r#"raid_orcid_calls_total{kind="create-membership",outcome="done"}"#;
    assert_eq!(agency.metric(calls).await, 1);
    assert_eq!(
        agency.metric(r#"raid_permissions{state="granted"}"#).await,
        1
    );
    assert_eq!(
        agency.metric(r#"raid_memberships{state="written"}"#).await,
        1
    );
    assert_eq!(
        agency
            .metric(r#"raid_tasks{kind="membership",state="dead"}"#)
            .await,
        0
    );
    let seconds = r#"raid_orcid_call_seconds_count{kind="create-membership"}"#;
    assert_eq!(agency.metric(seconds).await, 1);
}

async fn roles_run_in_processes_of_their_own(stage: &Stage) {
    let front = stage.agency_in_roles("registry,inbox").await;
    let handle = handle_of(&front.client().mint(&examples::minimal()).await);
    // Without a worker nobody is asked.
    assert_eq!(
        front
            .metric(r#"raid_tasks{kind="membership",state="due"}"#)
            .await,
        1
    );
    let worker = front.second("worker").await;
    assert_eq!(
        worker.client().get("/raid/").await.status,
        404,
        "a worker serves no API"
    );
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    worker.rest().await;
    stage.orcid.assert_written_once().await;
}

/// A lease that outlives the process would hold its work up for ten minutes.
async fn a_stop_gives_work_back_at_once(stage: &Stage) {
    let mut agency = stage.agency_with("[worker]\nlease = \"10m\"").await;
    let project = granted_project(stage, &agency).await;
    stage
        .orcid
        .fault(json!({ "kind": "latency", "ms": 1000 }))
        .await;
    let mut handles = vec![project.handle];
    for number in 0..3 {
        let raid = agency
            .client()
            .mint(&examples::titled(&format!("Project {number}")))
            .await;
        handles.push(handle_of(&raid));
    }
    eventually("a write in flight", async || {
        let counters = stage.orcid.counters().await;
        counters["writes_in_flight"][CARBERRY]
            .as_u64()
            .filter(|n| *n > 0)
    })
    .await;
    let status = agency.terminate().await;
    assert!(status.success(), "{status}");
    let counters = stage.orcid.counters().await;
    assert_eq!(
        counters["writes_in_flight"],
        json!({}),
        "it ended before its call did"
    );

    stage.orcid.heal().await;
    agency.restart().await;
    for handle in &handles {
        stage.orcid.membership(CARBERRY, handle).await;
    }
    agency.rest().await;
    assert_eq!(stage.orcid.calls("membership_create").await, 4, "each once");
    assert_eq!(
        stage.orcid.calls("membership_list").await,
        0,
        "nothing was in doubt"
    );
    stage.orcid.assert_written_once().await;
}

async fn what_was_acknowledged_survives_a_stop(stage: &Stage) {
    let mut agency = stage.agency().await;
    let client = agency.client();
    let mints = (0..40).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let request = examples::titled(&format!("Project {number}"));
            client
                .send(reqwest::Method::POST, "/raid/", Some(&request))
                .await
        })
    });
    let mints: Vec<_> = mints.collect();
    eventually("the first to be minted", async || {
        let listed = client
            .send(reqwest::Method::GET, "/raid/", None)
            .await
            .ok()?;
        listed
            .json()
            .as_array()
            .filter(|all| !all.is_empty())
            .map(drop)
    })
    .await;
    let status = agency.terminate().await;
    assert!(status.success(), "{status}");
    let mut acknowledged = Vec::new();
    for mint in mints {
        // Who came too late got no answer, or was told so.
        if let Ok(reply) = mint.await.unwrap()
            && reply.status == 201
        {
            acknowledged.push(handle_of(&reply.json()));
        }
    }
    assert!(!acknowledged.is_empty());
    agency.restart().await;
    for handle in &acknowledged {
        agency.client().raid(handle).await;
    }
    assert!(agency.client().list().await.len() >= acknowledged.len());
}

async fn damaged_records_are_listed_and_repaired(stage: &Stage) {
    let agency = stage.agency().await;
    let raid = agency.client().mint(&examples::minimal()).await;
    let handle = handle_of(&raid);
    let list = stage.command(&["damaged", "list"]).output();
    assert!(list.ends_with("0 damaged records\n"), "{list}");
    let said = stage.command(&["damaged", "repair", &handle]).output();
    assert!(said.contains("version 2 written from version 1"), "{said}");
    let mut document = raid.clone();
    document["title"][0]["text"] = json!("From a document");
    let file = stage.folder().join("raid.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let file = file.display().to_string();
    let repair: [&str; 5] = ["damaged", "repair", &handle, "--document", &file];
    let said = stage.command(&repair).output();
    assert!(
        said.contains("version 3 written from the document"),
        "{said}"
    );
    let read = agency.client().version(&handle, 3).await;
    assert_eq!(read["title"][0]["text"], "From a document");
    assert_eq!(
        read["contributor"],
        agency.client().raid(&handle).await["contributor"]
    );
    let unknown = stage.command(&["damaged", "repair", "10.82841/nowhere"]);
    assert!(unknown.complaint().contains("not found"));
}
