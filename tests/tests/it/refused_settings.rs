//! Values of single settings that are refused at the start, with what to do.

use crate::settings::{DEMO, complaint};
use raid_tests::{Backend, Stage};
use toml::Table;

#[test]
fn what_would_not_read_back_is_refused() {
    raid_tests::run(Backend::Sqlite, each_is_named_with_what_to_do);
}

/// Settings, the one that is refused, and what its complaint has.
const REFUSED: [(&str, &str, &str); 28] = [
    (
        "[agency]\nid_prefix = \"javascript:x\"",
        "agency.id_prefix",
        "https",
    ),
    (
        "[agency]\nid_prefix = \"raid.org\"",
        "agency.id_prefix",
        "https",
    ),
    (
        "[agency]\nlanding_prefix = \"ftp://a/\"",
        "agency.landing_prefix",
        "https",
    ),
    (
        "[agency]\nlanding_prefix = \"https://a/?h=\"",
        "agency.landing_prefix",
        "path",
    ),
    ("[agency]\nname = \" \"", "agency.name", "empty"),
    ("[agency]\nname = \"A\\nB\"", "agency.name", "one line"),
    (
        "[agency]\nror = \"https://ror.org/000000195\"",
        "agency.service_point_block",
        "block",
    ),
    (
        "[agency]\nservice_point_block = 2",
        "agency.service_point_block",
        "1",
    ),
    (
        "[server]\npublic_url = \"javascript:x\"",
        "server.public_url",
        "https",
    ),
    (
        "[server]\npublic_url = \"http://a:hunter2@c/\"",
        "server.public_url",
        "password",
    ),
    (
        "[server]\ncors_origins = [\"https://a.example/\"]",
        "server.cors_origins",
        "\"https://a.example\"",
    ),
    (
        "[server]\ncors_origins = [\"*\"]",
        "server.cors_origins",
        "https://",
    ),
    (
        "[orcid]\napi_url = \"file:///etc/passwd\"",
        "orcid.api_url",
        "https",
    ),
    (
        "[resolvers]\nror_url = \"gopher://ror.org\"",
        "resolvers.ror_url",
        "https",
    ),
    (
        "[[auth.issuers]]\nissuer = \"javascript:x\"\naudience = \"a\"",
        "auth.issuers.issuer",
        "https",
    ),
    (
        "[store]\nurl = \"mysql://me:hunter2@h/d\"",
        "store.url",
        "postgres://",
    ),
    ("[store]\nurl = \":memory:\"", "store.url", "SQLite file"),
    (
        "[mail]\ntransport = \"pigeon\"",
        "mail.transport",
        "files, smtp",
    ),
    (
        "[agency]\nnew_service_point_trust = \"blind\"",
        "agency.new_service_point_trust",
        "hold",
    ),
    (
        "[orcid]\nenvironment = \"playground\"",
        "orcid.environment",
        "sandbox, production",
    ),
    (
        "[server]\ntrusted_proxy = \"perhaps\"",
        "server.trusted_proxy",
        "boolean",
    ),
    ("[log]\nfilter = \"verbose\"", "log.filter", "trace"),
    (
        "[log]\nfilter = \"info,store=loud\"",
        "log.filter",
        "store=debug",
    ),
    ("[log]\nfilter = \"\"", "log.filter", "empty"),
    (
        "[mail]\ntransport = \"smtp\"",
        "mail.smtp_host",
        "name of the mail server",
    ),
    (
        "[mail]\ntransport = \"smtp\"\nsmtp_host = \"localhost\"\nsmtp_user = \"me\"",
        "mail.smtp_password",
        "mail.smtp_user",
    ),
    ("[worker]\nretry = []", "worker.retry", "at least one"),
    ("[memory]\nbudget_mb = 31", "memory.budget_mb", "from 32"),
];

/// Settings whose duration may be none: nothing is waited for, or kept.
const MAY_BE_NOTHING: [&str; 11] = [
    "agency.withdrawal_grace",
    "auth.keys_max_age",
    "orcid.calls_kept",
    "orcid.doubt_after_disconnect",
    "orcid.failed_calls_kept",
    "permissions.forget_after",
    "resolvers.found_ttl",
    "resolvers.missing_ttl",
    "resolvers.retry_pause",
    "sync.ask_delay",
    "sync.settle_delay",
];

/// A second service point beside number 10000007, "One", of the group "one", and what is wrong with it.
const SECOND_POINTS: [(&str, &str, &str, &str, &str); 5] = [
    ("10000007", "Two", "two", "id", "service_points[0]"),
    ("10000008", "one ", "two", "name", "service_points[0]"),
    ("10000008", "Two", "one", "group_id", "service_points[0]"),
    ("0", "Two", "two", "id", "at least 1"),
    ("10000008", "", "two", "name", "must be set"),
];

fn assert_refused(stage: &Stage, settings: &str, setting: &str, advice: &str) {
    let complaint = complaint(stage, settings).unwrap_or_else(|| panic!("{settings}"));
    let named = complaint.contains(&format!("{setting}: "));
    assert!(
        named && complaint.contains(advice),
        "{settings}: {complaint}"
    );
    assert!(
        !complaint.contains("hunter2"),
        "it shows a password: {complaint}"
    );
}

async fn each_is_named_with_what_to_do(stage: &Stage) {
    for (settings, setting, advice) in REFUSED {
        assert_refused(stage, settings, setting, advice);
    }
    let point = |id: &str, name: &str, group: &str| {
        format!(
            "[[service_points]]\nid = {id}\nname = \"{name}\"\ngroup_id = \"{group}\"\n\
             identifier_owner = \"https://ror.org/000000098\"\nprefix = \"10.82841\"\n"
        )
    };
    for (id, name, group, setting, advice) in SECOND_POINTS {
        let both = point("10000007", "One", "one") + &point(id, name, group);
        assert_refused(
            stage,
            &both,
            &format!("service_points[1].{setting}"),
            advice,
        );
    }
    for (section, settings) in DEMO.parse::<Table>().unwrap() {
        for (name, value) in settings.as_table().into_iter().flatten() {
            let setting = format!("{section}.{name}");
            let is_duration = |it: &str| {
                let number = it.trim_end_matches(char::is_alphabetic);
                number.len() < it.len() && number.parse::<u32>().is_ok()
            };
            if !value.as_str().is_some_and(is_duration)
                || MAY_BE_NOTHING.contains(&setting.as_str())
            {
                continue;
            }
            assert_refused(
                stage,
                &format!("[{section}]\n{name} = \"0s\""),
                &setting,
                "must be",
            );
        }
    }
    // A folder that takes no files, whoever runs the agency.
    let folder =
        stage.refused_start("[data]\nfolder = \"/proc/self\"\n[store]\nurl = \"raid.sqlite\"");
    assert!(
        folder.contains("data.folder: nothing can be written into /proc/self"),
        "{folder}"
    );
    assert!(folder.contains("name another folder"), "{folder}");
    let database = stage.refused_start("[store]\nurl = \"/proc/self/raid.sqlite\"");
    assert!(
        database.contains("store.url: nothing can be written into /proc/self"),
        "{database}"
    );

    let mut command = stage.program("");
    let output = command
        .arg("config")
        .env("RAID_ORCID_CLIENT_ID", "APP-1")
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && complaint.contains("RAID_ORCID__CLIENT_ID"),
        "{complaint}"
    );
}
