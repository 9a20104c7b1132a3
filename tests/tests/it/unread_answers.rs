//! Readers who ask for much and take nothing.

use raid_tests::{Agency, Client, Stage, eventually, examples};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

raid_tests::on_both_databases!(
    a_connection_that_takes_nothing_is_dropped,
    only_so_many_answers_are_on_their_way_to_one_reader,
    a_page_of_large_raids_ends_early,
);

/// RAiDs of almost a megabyte each, more of them than an answer may hold.
const LARGE: usize = 10;
const LENGTH: usize = 1_000_000;

async fn mint_large(client: &Client) {
    let mut request = examples::minimal();
    let url = format!("https://example.org/{}", "x".repeat(LENGTH));
    request["alternateUrl"] = json!([{ "url": url }]);
    for _ in 0..LARGE {
        client.mint(&request).await;
    }
}

/// Asks for a list, and takes nothing of the answer.
async fn ask(agency: &Agency<'_>, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address = agency.url().trim_start_matches("http://");
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn until_on_their_way(agency: &Agency<'_>, wanted: u64) {
    eventually("so many large answers on their way", async || {
        (agency.metric("raid_large_answers").await == wanted).then_some(())
    })
    .await;
}

async fn a_connection_that_takes_nothing_is_dropped(stage: &Stage) {
    let agency = stage.agency_with("[server]\nwrite_timeout = \"2s\"").await;
    mint_large(&agency.client()).await;
    let visitor = agency.client().anonymous();
    // An answer that is read comes whole, however long that takes.
    for path in ["/raid/", "/v1/raids?limit=500"] {
        assert_eq!(visitor.get(path).await.status, 200, "{path}");
    }
    for path in ["/raid/", "/v1/raids?limit=500"] {
        let mut unread = ask(&agency, path).await;
        until_on_their_way(&agency, 1).await;
        until_on_their_way(&agency, 0).await;
        // The system says so once what it kept was taken.
        let mut rest = Vec::new();
        let read = unread.read_to_end(&mut rest).await;
        assert!(read.is_err(), "{path}: all {} bytes came", rest.len());
    }
}

async fn only_so_many_answers_are_on_their_way_to_one_reader(stage: &Stage) {
    let agency = stage.agency_with("[limits]\nlarge_answers = 3").await;
    let client = agency.client();
    mint_large(&client).await;
    let visitor = client.anonymous();
    visitor.get("/v1/raids").await.expect(200);
    let mut unread = Vec::new();
    for n in 1..=3 {
        unread.push(ask(&agency, "/v1/raids?limit=500").await);
        until_on_their_way(&agency, n).await;
    }
    for path in ["/v1/raids?limit=500", "/raid/", "/v1/changes?include=raid"] {
        let refused = visitor.get(path).await;
        assert_eq!(refused.status, 429, "{path}");
        assert_eq!(refused.header("retry-after"), "1");
    }
    // Small requests and other readers do not wait.
    visitor.get("/v1/vocabularies").await.expect(200);
    client.get("/v1/raids").await.expect(200);
    unread.pop();
    eventually("a place", async || {
        (visitor.get("/v1/raids").await.status == 200).then_some(())
    })
    .await;
}

/// The next page goes on where it ended.
async fn a_page_of_large_raids_ends_early(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    mint_large(&client).await;
    let all = handles(&client.get("/raid/").await.expect(200));
    assert_eq!(all.len(), LARGE);
    for (path, member) in [("/v1/raids?limit=500", "items"), ("/raid/?limit=500", "")] {
        let (mut found, mut pages, mut next) = (Vec::new(), 0, Some(path.to_owned()));
        while let Some(path) = next {
            let page = client.get(&path).await;
            assert!(page.text.len() < 9 << 20, "{} bytes", page.text.len());
            let body = page.expect(200);
            let items = if member.is_empty() {
                &body
            } else {
                &body[member]
            };
            found.extend(handles(items));
            let own = format!("<{}", agency.url());
            let link = page.header("link").strip_prefix(&own);
            next = link.map(|link| link.split('>').next().unwrap().to_owned());
            pages += 1;
        }
        assert_eq!((found, pages), (all.clone(), 2), "{path}");
    }
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/v1/changes?include=raid{next}")).await;
        let body = page.expect(200);
        let entries = body["changes"].as_array().unwrap();
        found.extend(
            entries
                .iter()
                .map(|entry| entry["handle"].as_str().unwrap().to_owned()),
        );
        assert!(entries.iter().all(|entry| entry["raid"].is_object()));
        if body["more"] == false {
            break;
        }
        next = format!("&after={}", body["next"].as_str().unwrap());
    }
    found.reverse();
    assert_eq!(found, all);
}

fn handles(raids: &Value) -> Vec<String> {
    raids
        .as_array()
        .unwrap()
        .iter()
        .map(examples::handle_of)
        .collect()
}
