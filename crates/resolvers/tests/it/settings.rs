//! Settings that cannot be used.

use std::time::Duration;

use resolvers::{Resolvers, Settings};

use crate::peer;

fn fault(change: impl Fn(&mut Settings)) -> String {
    let mut settings = peer::settings("https://a.example");
    change(&mut settings);
    match Resolvers::online(settings) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_cannot_work_is_refused() {
    assert_eq!(fault(|_| {}), "fine");
    for bad in [
        "ftp://a.example",
        "https://u:p@a.example",
        "https://a.example/?q",
        "data:x",
    ] {
        let message = fault(|s| s.services.doi = bad.parse().unwrap());
        assert!(message.starts_with("doi_url must"), "{bad}: {message}");
        assert!(!message.contains("u:p"));
    }
    assert_eq!(fault(|s| s.tries = 0), "tries must be more than zero");
    assert_eq!(fault(|s| s.parallel = 0), "parallel must be more than zero");
    for message in [
        fault(|s| s.connect_timeout = Duration::ZERO),
        fault(|s| s.call_timeout = Duration::ZERO),
        fault(|s| s.check_timeout = Duration::ZERO),
    ] {
        assert!(
            message.ends_with("_timeout must be more than zero"),
            "{message}"
        );
    }
}

#[test]
fn secrets_go_over_encrypted_addresses_only() {
    let http = "http://192.0.2.1/";
    let token = |s: &mut Settings| s.orcid_token = Some("hush".to_owned().into());
    assert_eq!(fault(|s| s.services.orcid = http.parse().unwrap()), "fine");
    let message = fault(|s| {
        token(s);
        s.services.orcid = http.parse().unwrap();
    });
    assert!(
        message.starts_with("orcid_url must be an https"),
        "{message}"
    );
    let message = fault(|s| s.services.geonames = http.parse().unwrap());
    assert!(
        message.starts_with("geonames_url must be an https"),
        "{message}"
    );
    let message = fault(|s| {
        token(s);
        s.services.orcid = "http://127.0.0.1:1/".parse().unwrap();
    });
    assert_eq!(message, "fine");
}
