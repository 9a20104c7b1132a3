//! Settings that would do damage are refused at the start, each by its name; addresses are joined so that
//! nothing is lost.

use raid_tests::examples::{handle_of, minimal};
use raid_tests::{Agency, Backend, Client, Stage};
use serde_json::Value as Json;
use std::process::Command;
use toml::{Table, Value};

raid_tests::on_both_databases!(
    the_example_for_production_starts,
    addresses_without_a_slash_lose_no_raid,
    service_points_are_made_once_and_clash_by_name,
);

const PRODUCTION: &str = include_str!("../../../config/production.example.toml");
pub const DEMO: &str = include_str!("../../../config/default.toml");

/// The example for production, with the secrets that it leaves to the environment, changed.
pub fn production(change: impl FnOnce(&mut Table)) -> String {
    let mut table: Table = PRODUCTION.parse().unwrap();
    set(&mut table, "orcid.client_secret", "a secret");
    set(&mut table, "mail.smtp_password", "a password");
    change(&mut table);
    table.to_string()
}

/// The example for production as a stage can start it: ports, paths, database and ORCID are the stage's.
pub fn on_stage(table: &mut Table) {
    for (section, setting) in [
        ("server", "bind"),
        ("server", "internal_bind"),
        ("data", "folder"),
        ("orcid", "client_id"),
        ("orcid", "client_secret"),
    ] {
        table[section].as_table_mut().unwrap().remove(setting);
    }
    table.remove("store");
}

/// Sets `section.setting`.
pub fn set(table: &mut Table, path: &str, value: impl Into<Value>) {
    let (section, setting) = path.split_once('.').unwrap();
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    let section = section.as_table_mut().unwrap();
    section.insert(setting.to_owned(), value.into());
}

/// What `raid-agency config` complains about, with this configuration alone.
pub fn complaint(stage: &Stage, settings: &str) -> Option<String> {
    let file = stage.folder().join("alone.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(raid_tests::binary());
    command.env_clear().arg("--config").arg(file).arg("config");
    let output = command.output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (!output.status.success()).then_some(complaint)
}

async fn the_example_for_production_starts(stage: &Stage) {
    let agency = stage.agency_with(&production(on_stage)).await;
    agency.watcher().get("/health/ready").await.expect(200);
    let anonymous = Client::new(agency.url(), None);
    assert_eq!(
        anonymous.get("/v1/raids").await.expect(200)["items"],
        Json::Array(vec![])
    );
    assert!(
        !stage.data().join("demo.token").exists(),
        "nobody may mint with a token of the demo's"
    );
}

#[test]
fn the_demo_runs_in_the_simulator_only() {
    raid_tests::run(Backend::Sqlite, nothing_of_the_demo_is_accepted);
}

async fn nothing_of_the_demo_is_accepted(stage: &Stage) {
    assert_eq!(complaint(stage, &production(|_| ())), None);
    let secrets = complaint(stage, PRODUCTION).unwrap();
    for setting in ["orcid.client_secret", "mail.smtp_password"] {
        assert!(secrets.contains(&format!("\n  {setting}: ")), "{secrets}");
    }
    assert_eq!(complaint(stage, ""), None, "the demo itself");
    let demo: Table = DEMO.parse().unwrap();
    let of_demo = |section: &str, setting: &str| demo[section][setting].clone();
    let service_points = demo["service_points"].clone();
    for environment in ["production", "sandbox"] {
        // All of them at once, each by its name.
        let text = format!("[orcid]\nenvironment = \"{environment}\"\n");
        let all = complaint(stage, &text).unwrap();
        for setting in [
            "simulator.enabled",
            "agency.name",
            "agency.contact",
            "agency.ror",
            "agency.prefix",
            "service_points[0]",
            "server.public_url",
            "server.cors_origins",
            "mail.transport",
            "mail.from",
        ] {
            assert!(
                all.contains(&format!("\n  {setting}: ")),
                "{setting} is not in {all}"
            );
        }

        // One of them in a configuration that is right otherwise.
        let cases: Vec<(&str, Value)> = vec![
            ("agency.name", of_demo("agency", "name")),
            ("agency.name", "raid demo agency ".into()),
            ("agency.contact", of_demo("agency", "contact")),
            ("agency.contact", " ".into()),
            ("agency.ror", of_demo("agency", "ror")),
            ("agency.prefix", of_demo("agency", "prefix")),
            ("agency.service_point_block", 1.into()),
            ("server.cors_origins", of_demo("server", "cors_origins")),
            ("server.cors_origins", vec!["http://app.example.org"].into()),
            ("server.public_url", "http://raid.example.org".into()),
            ("agency.id_prefix", "http://raid.org/".into()),
            ("agency.landing_prefix", "http://raid.example.org/".into()),
            ("mail.transport", "files".into()),
            ("mail.from", of_demo("mail", "from")),
            ("orcid.client_id", "".into()),
            ("orcid.client_secret", "".into()),
            ("simulator.enabled", true.into()),
        ];
        for (setting, value) in cases {
            let changed = production(|table| {
                set(table, "orcid.environment", environment);
                if setting == "simulator.enabled" {
                    set(table, "orcid.mode", "off");
                }
                if setting == "agency.ror" {
                    set(table, "agency.service_point_block", 0);
                }
                set(table, setting, value);
            });
            let complaint = complaint(stage, &changed).unwrap_or_else(|| panic!("{changed}"));
            assert!(
                complaint.contains(&format!("{setting}: ")),
                "{setting}: {complaint}"
            );
        }
        let changed = production(|table| {
            set(table, "orcid.environment", environment);
            let provider = "issuer = \"http://iam.example.org\"\naudience = \"raid\"";
            let provider: Table = provider.parse().unwrap();
            set(table, "auth.issuers", vec![Value::Table(provider)]);
        });
        let insecure = complaint(stage, &changed).unwrap();
        assert!(insecure.contains("auth.issuers.issuer: "), "{insecure}");
        let changed = production(|table| {
            set(table, "orcid.environment", environment);
            table.insert("service_points".to_owned(), service_points.clone());
        });
        let complaint = complaint(stage, &changed).unwrap();
        assert!(
            complaint.contains("service_points[0]: name, group_id, "),
            "{complaint}"
        );
    }
}

#[test]
fn a_refused_start_leaves_the_database_free() {
    raid_tests::run(Backend::Sqlite, it_belongs_to_who_starts_first);
}

async fn it_belongs_to_who_starts_first(stage: &Stage) {
    let settings = production(|table| {
        on_stage(table);
        set(table, "orcid.client_secret_file", "/nowhere/secret");
        set(table, "orcid.client_secret", "");
    });
    let complaint = stage.refused_start(&settings);
    assert!(complaint.contains("/nowhere/secret"), "{complaint}");
    // It is not the one of production.
    drop(stage.agency().await);
}

/// Everything that shows a RAiD still does.
async fn assert_found(agency: &Agency<'_>, handle: &str, id: &str) {
    let client = agency.client();
    assert_eq!(client.raid(handle).await["identifier"]["id"], id);
    assert!(
        client
            .list()
            .await
            .iter()
            .any(|raid| raid["identifier"]["id"] == id)
    );
    let found = client.get("/v1/raids?q=project").await.expect(200);
    assert!(found.to_string().contains(id), "{found}");
    let changes = client.get("/v1/changes").await.expect(200);
    assert!(changes.to_string().contains(handle), "{changes}");
}

async fn addresses_without_a_slash_lose_no_raid(stage: &Stage) {
    let settings = "[orcid]\nmode = \"off\"\n[agency]\nid_prefix = \"https://resolver.example/raid\"\n\
                    landing_prefix = \"https://app.example/show\"\n";
    let agency = stage.agency_with(settings).await;
    let minted = agency
        .client()
        .mint(&raid_tests::examples::titled("A project"))
        .await;
    let id = minted["identifier"]["id"].as_str().unwrap();
    let handle = id.strip_prefix("https://resolver.example/raid/").unwrap();
    let shown = format!("https://app.example/show/{handle}");
    assert_eq!(minted["identifier"]["raidAgencyUrl"], shown);
    assert_found(&agency, handle, id).await;
    let handle = handle.to_owned();
    drop(agency);

    // A later change of the setting reaches it.
    let agency = stage.agency_with("[orcid]\nmode = \"off\"\n").await;
    assert_found(&agency, &handle, &format!("https://raid.org/{handle}")).await;
}

/// RAiD API, section on service points: an agency's numbers are those of its block.
async fn service_points_are_made_once_and_clash_by_name(stage: &Stage) {
    let off = "[orcid]\nmode = \"off\"\n";
    let point = |id: u32, name: &str, group: &str| {
        format!(
            "{off}[[service_points]]\nid = {id}\nname = \"{name}\"\ngroup_id = \"{group}\"\n\
             identifier_owner = \"https://ror.org/000000098\"\nprefix = \"10.82841\"\n"
        )
    };
    let first = stage.agency_with(&point(10_000_003, "One", "one")).await;
    assert_eq!(
        handle_of(&first.client().mint(&minimal()).await)
            .split_once('/')
            .unwrap()
            .0,
        "10.82841"
    );
    drop(first);
    // The same one under another number is the same one.
    drop(stage.agency_with(&point(10_000_004, "One", "one")).await);
    let name = stage.refused_start(&point(10_000_004, "One", "other"));
    assert!(name.contains("10000004") && name.contains("name"), "{name}");
    let group = stage.refused_start(&point(10_000_004, "Other", "one"));
    assert!(group.contains("group_id"), "{group}");
    let block = stage.refused_start(&point(20_000_004, "Other", "other"));
    assert!(
        block.contains("20000004") && block.contains("10000000"),
        "{block}"
    );

    // New ones get the next number of the block.
    let agency = stage.agency_with(&point(10_000_003, "One", "one")).await;
    let token = stage
        .command_with(off, &["token", "--role", "operator"])
        .output();
    let operator = Client::new(agency.url(), Some(token.trim().to_owned()));
    let new = serde_json::json!({
        "name": "Two", "groupId": "two", "identifierOwner": "https://ror.org/000000098",
    });
    assert_eq!(
        operator.post("/service-point/", &new).await.expect(201)["id"],
        10_000_004
    );
}
