//! `raid-agency check`: a table of everything that a configuration needs.

use crate::settings::{on_stage, production, set};
use raid_tests::{Backend, Finished, Stage};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

raid_tests::on_both_databases!(
    a_configuration_that_works_is_all_well,
    a_check_changes_nothing,
    each_service_that_refuses_has_a_row,
);

/// The row of a subject.
fn row<'a>(table: &'a str, subject: &str) -> &'a str {
    let mut rows = table.lines().filter(|line| line.contains(subject));
    rows.next()
        .unwrap_or_else(|| panic!("no row {subject} in:\n{table}"))
}

fn assert_rows(finished: &Finished, rows: &[(&str, &str, &str)]) {
    for (subject, verdict, text) in rows {
        let row = row(&finished.stdout, subject);
        assert!(
            row.starts_with(verdict) && row.contains(text),
            "{verdict} {text}: {row}"
        );
    }
}

async fn a_configuration_that_works_is_all_well(stage: &Stage) {
    let agency = stage.agency().await;
    let checked = stage.command(&["check"]);
    assert!(checked.success, "{}{}", checked.stdout, checked.stderr);
    assert_rows(
        &checked,
        &[
            ("configuration", "ok", "files: 2"),
            ("data.folder", "ok", ""),
            ("keys.sealing", "ok", ""),
            ("keys.links", "ok", ""),
            ("keys.tokens", "ok", ""),
            ("store.url", "ok", "up to date"),
            ("orcid.environment", "ok", "simulator"),
            ("orcid.client_id", "ok", "tokens"),
            ("ORCID's clock", "ok", ""),
        ],
    );
    if stage.backend == Backend::Postgres {
        assert_rows(&checked, &[("the database's clock", "ok", "")]);
    }
    drop(agency);
}

#[test]
fn what_is_the_examples_is_told() {
    raid_tests::run(Backend::Sqlite, each_value_of_the_example_is_told);
}

async fn each_value_of_the_example_is_told(stage: &Stage) {
    let checked = stage.command_with(&production(on_stage), &["check"]);
    for setting in [
        "server.cors_origins",
        "agency.name",
        "agency.contact",
        "agency.ror",
        "agency.prefix",
        "agency.service_point_block",
        "service_points[0]",
        "auth.issuers.issuer",
        "mail.from",
        "mail.smtp_host",
    ] {
        assert_rows(&checked, &[(setting, "warning", "set your own")]);
    }
    let demo = stage.command(&["check"]);
    assert!(!demo.stdout.contains("set your own"), "{}", demo.stdout);
}

async fn a_check_changes_nothing(stage: &Stage) {
    let checked = stage.command(&["check"]);
    assert!(checked.success, "{}{}", checked.stdout, checked.stderr);
    assert!(!stage.data().exists(), "it made a folder");
    let schema = if stage.backend == Backend::Postgres {
        "brought up to date"
    } else {
        "made at the first start"
    };
    assert_rows(
        &checked,
        &[
            ("store.url", "warning", schema),
            ("data.folder", "warning", "made"),
        ],
    );
    let not_migrated = stage.command_with("[store]\nmigrate = false", &["check"]);
    if stage.backend == Backend::Postgres {
        assert_rows(
            &not_migrated,
            &[("store.url", "FAILED", "raid-agency migrate")],
        );
        let ran = stage.command(&["migrate"]).output();
        assert!(
            ran.contains("ran migration 0001"),
            "the check ran migrations: {ran}"
        );
    }
}

#[test]
fn a_configuration_is_taken_apart() {
    raid_tests::run(Backend::Sqlite, all_that_is_wrong_is_told_at_once);
}

async fn all_that_is_wrong_is_told_at_once(stage: &Stage) {
    let unknown =
        "[orcid]\nclientid = \"APP-1\"\nclient_id = \"APP-2\"\n[orcidd]\nmode = \"off\"\n";
    let mut command = stage.program(unknown);
    let output = command
        .arg("check")
        .env("RAID_WORKER__SLOTZ", "3")
        .env("RAID_SERVICE_HOST", "10.0.0.1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    for (subject, verdict) in [
        ("orcid.clientid", "FAILED"),
        ("orcidd", "FAILED"),
        ("RAID_WORKER__SLOTZ", "FAILED"),
        ("RAID_SERVICE_HOST", "warning"),
    ] {
        assert!(row(&table, subject).starts_with(verdict), "{table}");
    }
    let refused = stage.command_with("[worker]\nslots = 0\n[agency]\nname = \"\"", &["check"]);
    assert!(!refused.success);
    assert_rows(
        &refused,
        &[
            ("worker.slots", "FAILED", ""),
            ("agency.name", "FAILED", ""),
        ],
    );
    let broken = stage.command_with("[mail]\nsmtp_password = \"hunter2\n", &["check"]);
    assert!(broken.stdout.contains("line 2"), "{}", broken.stdout);
    assert!(!broken.stdout.contains("hunter2"), "{}", broken.stdout);

    let files = "[mail]\nsmtp_password_file = \"nowhere.txt\"\n[keys]\nlinks = \"abc\"\n";
    let files = stage.command_with(files, &["check"]);
    assert_rows(
        &files,
        &[
            ("mail.smtp_password_file", "FAILED", "nowhere.txt"),
            ("keys.links", "FAILED", "64"),
        ],
    );
    let other = stage.command(&["token"]);
    assert!(other.success, "{}", other.stderr);
    let elsewhere = stage.command_with(&production(on_stage_alone), &["check"]);
    assert_rows(&elsewhere, &[("orcid.environment", "FAILED", "simulator")]);
    let read_only = stage.command_with("[data]\nfolder = \"/proc/self\"", &["check"]);
    assert_rows(
        &read_only,
        &[("data.folder", "FAILED", "nothing can be written")],
    );
}

/// The example for production, which reaches nobody outside this machine.
fn on_stage_alone(table: &mut toml::Table) {
    on_stage(table);
    set(table, "mail.smtp_host", "127.0.0.1");
    set(table, "mail.smtp_port", i64::from(raid_tests::free_port()));
    let issuer = format!("http://127.0.0.1:{}", raid_tests::free_port());
    table["auth"]["issuers"][0]["issuer"] = issuer.into();
}

async fn each_service_that_refuses_has_a_row(stage: &Stage) {
    let unreachable = stage.command_with(&production(on_stage_alone), &["check"]);
    assert!(
        unreachable.success,
        "{}{}",
        unreachable.stdout, unreachable.stderr
    );
    assert_rows(
        &unreachable,
        &[
            ("auth.issuers http://127", "warning", "did not answer"),
            ("mail.smtp_host", "warning", "refused"),
        ],
    );

    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let issuer = |keys: String, name: Option<&'static str>| {
        provider(move |port, path| {
            let own = format!("http://127.0.0.1:{port}");
            let name = name.map_or(own.clone(), str::to_owned);
            if path.contains("well-known") {
                format!("{{\"issuer\":\"{name}\",\"jwks_uri\":\"{own}/keys\"}}")
            } else {
                format!("{{\"keys\":[{keys}]}}")
            }
        })
    };
    let (right, keyless) = (issuer(key.to_owned(), None), issuer(String::new(), None));
    let other = issuer(key.to_owned(), Some("https://iam.example.org"));
    let (greets, refuses) = (mail_server("220 here"), mail_server("554 not today"));
    for (issuer, mail, rows) in [
        (right, greets, [("ok", "1 keys"), ("ok", "greets")]),
        (
            keyless,
            refuses,
            [("FAILED", "no key"), ("FAILED", "not today")],
        ),
        (
            other,
            greets,
            [("FAILED", "calls itself"), ("ok", "greets")],
        ),
    ] {
        let settings = production(|table| {
            on_stage_alone(table);
            set(table, "mail.smtp_port", i64::from(mail));
            set(table, "mail.smtp_tls", "none");
            set(table, "mail.smtp_user", "");
            let issuer = format!("http://127.0.0.1:{issuer}");
            table["auth"]["issuers"][0]["issuer"] = issuer.into();
        });
        let checked = stage.command_with(&settings, &["check"]);
        let [(issuers, keys), (greeting, answer)] = rows;
        assert_rows(
            &checked,
            &[
                ("auth.issuers http", issuers, keys),
                ("mail.smtp_host", greeting, answer),
            ],
        );
    }
    let secret = stage.command_with("[orcid]\nclient_secret = \"not the secret\"", &["check"]);
    assert!(!secret.success);
    assert_rows(&secret, &[("orcid.client_id", "FAILED", "401")]);
    assert!(
        !secret.stdout.contains("not the secret"),
        "{}",
        secret.stdout
    );
}

/// Serves JSON by path, on a port of its own, as long as the test runs.
fn provider(answer: impl Fn(u16, &str) -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut request = Vec::new();
            let mut reader = BufReader::new(&stream);
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if reader.read_exact(&mut byte).is_err() {
                    break;
                }
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request);
            let body = answer(port, request.split(' ').nth(1).unwrap_or_default());
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let length = body.len();
            drop(write!(
                &stream,
                "{head}\r\ncontent-length: {length}\r\n\r\n{body}"
            ));
        }
    });
    port
}

/// Greets, and says yes to everything.
fn mail_server(greeting: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            drop(talk(&stream, greeting));
        }
    });
    port
}

fn talk(mut stream: &TcpStream, greeting: &str) -> std::io::Result<()> {
    write!(stream, "{greeting}\r\n")?;
    for line in BufReader::new(stream).lines() {
        let end = line?.starts_with("QUIT");
        write!(stream, "250 yes\r\n")?;
        if end {
            break;
        }
    }
    Ok(())
}
