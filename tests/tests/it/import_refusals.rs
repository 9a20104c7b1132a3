//! An import that cannot succeed says at once why, and what to do.

use raid_tests::examples::minimal;
use raid_tests::{Backend, Stage};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

/// For `localhost`, signed by itself. It protects nothing.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIURF3fBkTn9leYuFMU+H7Ay8275BcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE1NTc1MFoYDzIxMjYxMTA0
MTU1NzUwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASfs1IvXUigKhJtCJi4ujIJ5Z8lIUt05hqcs2mF0wVpWNH5fHxJzkJG
jhSTyM/+9nyjSrA785qcW9yLFirT1Wuro28wbTAdBgNVHQ4EFgQUU++9/QHo14et
7yokbi9TDk7UTZ4wHwYDVR0jBBgwFoAUU++9/QHo14et7yokbi9TDk7UTZ4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAPMPoyQTFS4ipPbDS2On1UKgEO6YHx48czQDal5exYPSAiA3
fo0gtItudKaLpo/zEPCvkHyiVT02pprTjUFCDvTt6A==
-----END CERTIFICATE-----
";
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqIuf5y7k8+d5D/ac
vKkjDFK7Owi/RxyIUhxIL36F38mhRANCAASfs1IvXUigKhJtCJi4ujIJ5Z8lIUt0
5hqcs2mF0wVpWNH5fHxJzkJGjhSTyM/+9nyjSrA785qcW9yLFirT1Wur
-----END PRIVATE KEY-----
";

#[test]
fn an_import_that_cannot_succeed_says_why_at_once() {
    raid_tests::run(
        Backend::Sqlite,
        each_refusal_names_the_address_and_what_to_do,
    );
}

async fn each_refusal_names_the_address_and_what_to_do(stage: &Stage) {
    std::fs::write(stage.folder().join("records.ndjson"), minimal().to_string()).unwrap();
    let agency = stage.agency_with("[orcid]\nmode = \"off\"").await;
    let reader = ["token", "--role", "raid-dumper"];
    let reader = stage
        .command_with("[orcid]\nmode = \"off\"", &reader)
        .output();
    let moved = answers("HTTP/1.1 308 Permanent Redirect\r\nlocation: https://there.example/\r\n");
    let plain = answers("HTTP/1.1 400 Bad Request\r\n");
    let nobody = format!("{}/elsewhere", agency.url());
    for (url, token, named) in [
        (agency.url(), "nonsense", ["401", "RAID_TOKEN"]),
        (agency.url(), reader.trim(), ["403", "service-point-user"]),
        (nobody.as_str(), reader.trim(), ["404", "--url"]),
        (moved.as_str(), "any", ["308", "https://there.example/"]),
        (
            tls_server().as_str(),
            "any",
            ["certificate", "SSL_CERT_FILE"],
        ),
        (
            plain.replace("http:", "https:").as_str(),
            "any",
            ["encrypted", "--url"],
        ),
        ("ftp://127.0.0.1/", "any", ["ftp://127.0.0.1/", "https"]),
    ] {
        let mut command = stage.program("");
        command
            .args(["import", "records.ndjson", "--url", url])
            .env("RAID_TOKEN", token);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{url}");
        for name in named.iter().chain([&url]) {
            assert!(said.contains(name), "{name} is not in: {said}");
        }
        // Each try is followed by a pause, after which it says that nobody answers.
        assert!(
            !said.contains("does not answer"),
            "it was tried again: {said}"
        );
    }
}

/// A server that gives this answer to everybody, and its address.
fn answers(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(write!(
                stream,
                "{head}connection: close\r\ncontent-length: 0\r\n\r\n"
            ));
        }
    });
    address
}

/// A server with a certificate that nobody knows, and its address.
fn tls_server() -> String {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            // The client ends it in the middle.
            drop(connection.complete_io(&mut stream));
        }
    });
    format!("https://localhost:{port}/")
}
