//! Sessions with a mail server that says what the test wants.

use super::{Delivery, SmtpServer, Tls, Transport};
use crate::mail_failure::MailFailure;
use lettre::Message;
use lettre::message::Mailbox;
use secrecy::SecretString;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const ADDRESS: &str = "amara.okafor@university.example";
const PASSWORD: &str = "hunter2";

/// What a server answers, by the beginning of a command; `250 ok` to anything else.
type Script = &'static [(&'static str, &'static str)];

/// Serves one session; gives the port.
async fn server(script: Script) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = serve(stream, script).await;
        }
    });
    port
}

async fn serve(stream: TcpStream, script: Script) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let answer_to = |line: &str| {
        let found = script.iter().find(|(start, _)| line.starts_with(start));
        found.map(|(_, answer)| *answer)
    };
    let greeting = answer_to("(connect)").unwrap_or("220 mail.example ESMTP");
    stream
        .write_all(format!("{greeting}\r\n").as_bytes())
        .await?;
    let mut line = String::new();
    let mut in_data = false;
    while stream.read_line(&mut line).await? > 0 {
        let answer = if in_data {
            in_data = line.trim_end() != ".";
            if in_data {
                ""
            } else {
                answer_to("(content)").unwrap_or("250 queued")
            }
        } else {
            in_data = line.starts_with("DATA") && answer_to("DATA").is_none();
            if in_data {
                "354 go on"
            } else {
                answer_to(line.trim_end()).unwrap_or("250 ok")
            }
        };
        if !answer.is_empty() {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        // What follows is TLS, which this server does not speak.
        if line.starts_with("STARTTLS") && answer.starts_with("220") {
            return Ok(());
        }
        line.clear();
    }
    Ok(())
}

async fn send(port: u16, tls: Tls, with_password: bool) -> Result<(), MailFailure> {
    let password = || SecretString::from(PASSWORD.to_owned());
    let transport = Transport::Smtp(SmtpServer {
        host: "127.0.0.1".to_owned(),
        port,
        tls,
        credentials: with_password.then(|| ("mailer".to_owned(), password())),
        timeout: Duration::from_secs(10),
    });
    let to: Mailbox = ADDRESS.parse().unwrap();
    let message = Message::builder()
        .from("agency@agency.example".parse().unwrap())
        .to(to.clone())
        .body("Hello".to_owned())
        .unwrap();
    let delivery = Delivery::new(transport).unwrap();
    delivery.send(message, &to).await
}

async fn failure(script: Script, tls: Tls, with_password: bool) -> MailFailure {
    let port = server(script).await;
    send(port, tls, with_password).await.unwrap_err()
}

#[tokio::test]
async fn a_mail_that_is_taken_is_sent() {
    assert_eq!(send(server(&[]).await, Tls::None, false).await, Ok(()));
}

const OFFERS_TLS: (&str, &str) = ("EHLO", "250-mail.example\r\n250 STARTTLS");
const OFFERS_SIGN_IN: (&str, &str) = ("EHLO", "250-mail.example\r\n250 AUTH PLAIN");
/// Script, TLS, with a password; outcome, code, whether it is final, words.
type Case = (
    Script,
    Tls,
    bool,
    &'static str,
    Option<u16>,
    bool,
    &'static str,
);
const CASES: [Case; 10] = [
    (
        &[],
        Tls::Required,
        false,
        "starttls-missing",
        None,
        false,
        "mail.smtp_tls",
    ),
    (
        &[OFFERS_TLS, ("STARTTLS", "454 4.7.0 TLS not available")],
        Tls::Required,
        false,
        "starttls-refused",
        Some(454),
        false,
        "454 4.7.0 TLS not available",
    ),
    (
        &[OFFERS_TLS, ("STARTTLS", "220 go ahead")],
        Tls::Required,
        false,
        "tls",
        None,
        false,
        "encrypted",
    ),
    (
        &[
            OFFERS_SIGN_IN,
            ("AUTH", "535 5.7.8 mailer: wrong password hunter2"),
        ],
        Tls::None,
        true,
        "sign-in",
        Some(535),
        false,
        "535 5.7.8 (removed) wrong password (removed)",
    ),
    (
        &[],
        Tls::None,
        true,
        "sign-in",
        None,
        false,
        "mail.smtp_user",
    ),
    (
        &[("MAIL", "530 5.7.0 Authentication required")],
        Tls::None,
        false,
        "sign-in",
        Some(530),
        false,
        "530",
    ),
    (
        &[(
            "RCPT",
            "550 5.1.1 <amara.okafor@university.example>: no such user",
        )],
        Tls::None,
        false,
        "refused",
        Some(550),
        true,
        "550 5.1.1 (address) no such user",
    ),
    (
        &[(
            "(content)",
            "451 4.7.1 Greylisted, see https://help.example/x",
        )],
        Tls::None,
        false,
        "deferred",
        Some(451),
        false,
        "451 4.7.1 Greylisted, see (link)",
    ),
    (
        &[("(connect)", "554 5.7.1 blocked")],
        Tls::None,
        false,
        "refused",
        Some(554),
        false,
        "554 5.7.1 blocked",
    ),
    (
        &[("(connect)", "421 4.3.2 too busy")],
        Tls::None,
        false,
        "deferred",
        Some(421),
        false,
        "421 4.3.2 too busy",
    ),
];

#[tokio::test]
async fn each_trouble_with_a_server_is_told_apart() {
    for (script, tls, with_password, outcome, code, is_final, words) in CASES {
        let failure = failure(script, tls, with_password).await;
        let told = (failure.outcome(), failure.code(), failure.is_final());
        assert_eq!(told, (outcome, code, is_final), "{failure:?}");
        let text = failure.into_text();
        assert!(text.contains(words), "{words} is not in: {text}");
        for secret in ["okafor", "hunter2", "mailer:"] {
            assert!(!text.to_lowercase().contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let failure = send(port, Tls::None, false).await.unwrap_err();
    assert_eq!(
        (failure.outcome(), failure.is_final()),
        ("unreachable", false)
    );
}
