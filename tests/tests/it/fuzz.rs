//! Settings at random: an agency refuses them at its start, by their name, or everything that it writes
//! with them reads back.
//!
//! `make fuzz` tries them in numbers. A run is repeated by its seed, which it prints.

use raid_tests::examples;
use raid_tests::{Agency, Stage};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use toml::Table;
use url::Url;

raid_tests::on_both_databases!(random_settings_are_refused_or_read_back);

/// How many configurations, where the environment does not say.
const CASES: usize = 12;
/// So many requests of `make fuzz` come to one configuration, which starts a process.
const CASES_OF_A_START: usize = 500;

/// Settings that end up in what is written, with values that were, or could be, trouble.
const TROUBLE: [(&str, &[&str]); 15] = [
    (
        "agency.id_prefix",
        &[
            "https://resolver.example/raid",
            "https://resolver.example",
            "https://resolver.example/a b/",
            "https://resolver.example/10.1/",
            "https://resolver.example/?h=",
            "https://resolver.example/#",
            "https://resolver.example/100%",
            "https://resolver.example/ü",
            "https://ü.example/{id}/",
            "https://resolver.example/a|b",
            "https://me:secret@resolver.example/",
            "HTTPS://Resolver.EXAMPLE:443/x/../y",
            "javascript:alert(1)",
            "raid.org/",
            "//raid.org/",
            "",
        ],
    ),
    (
        "agency.landing_prefix",
        &[
            "https://app.example/raids",
            "https://app.example/show?handle=",
            "https://app.example/<b>",
            "https://app.example/\"quoted\"",
            "data:text/html,x",
            "https://[::1]/raids",
            "",
        ],
    ),
    (
        "server.public_url",
        &[
            "https://raid.example.org/base/path",
            "https://raid.example.org/a|b",
            "https://raid.example.org/?a=b",
            "ftp://raid.example.org",
            "mailto:me@example.org",
        ],
    ),
    (
        "agency.name",
        &[
            "",
            " ",
            "A\nB",
            "Agence « RAiD » & <Co>",
            "\u{0}",
            "機関",
            "\"'\\",
        ],
    ),
    (
        "agency.contact",
        &[
            "",
            "help@example.org",
            "https://example.org/help?a=b&c=<d>",
            "a\tb",
        ],
    ),
    (
        "agency.licence",
        &["", "Creative Commons CC-0", "\"CC\" <0>\\", "\r\n"],
    ),
    (
        "agency.ror",
        &[
            "https://ror.org/038sjwq14",
            "https://ror.org/000000195",
            "https://ror.org/038sjwq13",
            "038sjwq14",
            "",
        ],
    ),
    (
        "agency.service_point_block",
        &["0", "1", "2", "3", "-1", "99", "4294967295", "many"],
    ),
    (
        "agency.prefix",
        &["10.82841", "10", "10.1.2.3", "10.", "10.x", "", "10.82841/"],
    ),
    (
        "auth.local_issuer",
        &[
            "",
            " ",
            "raid-agency",
            "https://issuer.example/?a#b",
            "\"\\\u{7}",
        ],
    ),
    ("sync.settle_delay", &["0s", "100y", "-1s", "99999d"]),
    ("server.body_limit", &["0", "4096", "18446744073709551615"]),
    (
        "log.filter",
        &["info", "off", "loud", "store=", "=debug", ","],
    ),
    (
        "orcid.environment",
        &["simulator", "sandbox", "production", "Simulator", ""],
    ),
    (
        "agency.new_service_point_trust",
        &["auto", "hold", "HOLD", ""],
    ),
];

/// Texts for the service point of a configuration.
const POINTS: [(&str, &[&str]); 4] = [
    (
        "id",
        &[
            "10000000",
            "10009999",
            "20000000",
            "0",
            "-5",
            "9223372036854775807",
        ],
    ),
    (
        "name",
        &["Point", "", "  ", "P\u{202e}tniop", "Ünï «&» <b>", "\u{0}"],
    ),
    (
        "group_id",
        &["group", "", "a group/with?everything#&<>\"", "\u{200b}"],
    ),
    ("prefix", &["10.82841", "10.1", "x", ""]),
];

async fn random_settings_are_refused_or_read_back(stage: &Stage) {
    let seed = number("RAID_FUZZ_SEED").unwrap_or_else(rand::random);
    let cases = number("RAID_FUZZ_CASES").and_then(|cases| usize::try_from(cases).ok());
    let cases = cases.map_or(CASES, |cases| CASES.max(cases / CASES_OF_A_START));
    eprintln!("fuzz: RAID_FUZZ_SEED={seed}, {cases} configurations");
    let mut chance = StdRng::seed_from_u64(seed);
    let (mut refused, mut served) = (0, 0);
    for case in 0..cases {
        let settings = settings(&mut chance, case);
        match stage.try_agency_with(&settings) {
            Ok(agency) => {
                served += 1;
                eprintln!("case {case} is served:\n{settings}");
                assert_all_reads_back(&agency).await;
            }
            Err(complaint) => {
                refused += 1;
                assert_names_a_setting(&complaint, &settings);
            }
        }
    }
    eprintln!("{refused} configurations were refused, {served} served");
}

/// A configuration with some settings at random. The first ones have one each, so that they are not refused
/// for another.
fn settings(chance: &mut StdRng, case: usize) -> String {
    let mut table = Table::new();
    set(&mut table, "orcid.mode", "off");
    let troubles = if case < CASES {
        1
    } else {
        chance.random_range(1..4)
    };
    for _ in 0..troubles {
        let (path, values) = TROUBLE[chance.random_range(0..TROUBLE.len())];
        set(&mut table, path, &text(chance, values));
    }
    if chance.random_bool(0.3) {
        let mut point = Table::new();
        for (setting, usual) in [
            ("id", "10000777"),
            ("name", "Random"),
            ("group_id", "random"),
            ("identifier_owner", "https://ror.org/000000098"),
            ("prefix", "10.82841"),
        ] {
            put(&mut point, setting, usual);
        }
        let (setting, values) = POINTS[chance.random_range(0..POINTS.len())];
        put(&mut point, setting, &text(chance, values));
        let points = toml::Value::Array(vec![point.into()]);
        table.insert("service_points".to_owned(), points);
    }
    table.to_string()
}

/// One of the values, perhaps with something at random in it.
fn text(chance: &mut StdRng, values: &[&str]) -> String {
    let mut text: Vec<char> = values[chance.random_range(0..values.len())]
        .chars()
        .collect();
    if chance.random_bool(0.3) {
        let at = chance.random_range(0..=text.len());
        let other = char::from_u32(chance.random_range(0..0x2_ffff)).unwrap_or('/');
        text.insert(
            at,
            if chance.random_bool(0.7) {
                char::from(chance.random_range(0..128))
            } else {
                other
            },
        );
    }
    text.into_iter().collect()
}

fn set(table: &mut Table, path: &str, value: &str) {
    let (section, setting) = path.split_once('.').unwrap();
    let section = table
        .entry(section)
        .or_insert_with(|| toml::Value::Table(Table::new()));
    put(section.as_table_mut().unwrap(), setting, value);
}

fn put(table: &mut Table, setting: &str, value: &str) {
    let value = match value.parse::<i64>() {
        Ok(number) if matches!(setting, "id" | "service_point_block" | "body_limit") => {
            number.into()
        }
        _ => toml::Value::from(value),
    };
    table.insert(setting.to_owned(), value);
}

fn assert_names_a_setting(complaint: &str, settings: &str) {
    let paths = TROUBLE.iter().map(|(path, _)| *path);
    let mut names = paths.chain(["service_points", "simulator.enabled", "mail."]);
    assert!(
        complaint.starts_with("raid-agency: ") && names.any(|name| complaint.contains(name)),
        "{complaint}\nis what it said to\n{settings}"
    );
    assert!(!complaint.contains("panicked"), "{complaint}");
}

/// Everything that is written is found again, wherever it is shown.
async fn assert_all_reads_back(agency: &Agency<'_>) {
    let client = agency.client();
    for request in [examples::minimal(), examples::titled("A random project")] {
        let minted = client.mint(&request).await;
        let handle = handle_in(&minted["identifier"]["id"]);
        assert_eq!(handle_in(&minted["identifier"]["raidAgencyUrl"]), handle);
        let path = format!("/raid/{handle}");
        let mut read = client.get(&path).await.expect(200);
        assert_eq!(read["identifier"], minted["identifier"]);
        read["title"][0]["text"] = "A changed project".into();
        let changed = client.put(&path, &read).await.expect(200);
        assert_eq!(changed["identifier"]["id"], minted["identifier"]["id"]);
        assert_eq!(changed["identifier"]["version"], 2);
        let old = client.get(&format!("{path}/1")).await.expect(200);
        assert_eq!(old["identifier"]["id"], minted["identifier"]["id"]);
        client.get(&format!("{path}/history")).await.expect(200);
        let page = client.get(&format!("/raids/{handle}")).await;
        assert_eq!(page.status, 200, "{}", page.text);

        let id = minted["identifier"]["id"].as_str().unwrap();
        for list in ["/raid/", "/v1/raids?q=changed", "/v1/changes?limit=1000"] {
            let found = client.get(list).await.expect(200).to_string();
            assert!(
                found.contains(if list.contains("changes") {
                    &handle
                } else {
                    id
                }),
                "{list}"
            );
        }
        let number = &minted["identifier"]["owner"]["servicePoint"];
        let point = client
            .get(&format!("/service-point/{number}"))
            .await
            .expect(200);
        assert_eq!(
            point["identifierOwner"],
            minted["identifier"]["owner"]["id"]
        );
        assert!(handle.starts_with(point["prefix"].as_str().unwrap()));
    }
}

/// The handle at the end of an address.
fn handle_in(address: &Value) -> String {
    let address = address.as_str().unwrap();
    let url = Url::parse(address).unwrap();
    assert!(matches!(url.scheme(), "http" | "https"), "{address}");
    assert_eq!(url.as_str(), address);
    let segments: Vec<&str> = url.path_segments().unwrap().collect();
    let [.., prefix, suffix] = segments[..] else {
        panic!("no handle in {address}");
    };
    let handle: raid_model::Handle = format!("{prefix}/{suffix}").parse().unwrap();
    handle.to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own switch, not the program's"
)]
fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok().filter(|v| !v.is_empty())?;
    Some(
        value
            .parse()
            .unwrap_or_else(|e| panic!("{variable}={value}: {e}")),
    )
}
