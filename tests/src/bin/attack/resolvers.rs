//! Dry runs with many new DOIs, beside mints with one.

use crate::victim::Victim;
use crate::{agency, measure};
use actix_web::{App, HttpResponse, HttpServer, web};
use futures::future::join_all;
use raid_tests::{Stage, examples};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const RUNS: usize = 70;
/// The greatest number that is not refused at once as shipped.
const IDS: usize = 95;
/// How long a registry takes to answer.
const ANSWER: Duration = Duration::from_millis(200);

pub async fn run(stage: &Stage, limits: &str) {
    let registries = registries();
    let names = [
        "orcid",
        "isni",
        "ror",
        "doi",
        "handle",
        "rrid",
        "web_archive",
        "geonames",
    ];
    let mut more = "[resolvers]\nmode = \"online\"\n".to_owned();
    for name in names.into_iter().chain(["openstreetmap"]) {
        more.push_str(&[name, "_url = \"", &registries, "\"\n"].concat());
    }
    let agency = agency(stage, limits, &more).await;
    let client = agency.client();
    let run = |number: usize| {
        let ids = (0..IDS).map(|id| format!("attack-{number}-{id}"));
        let body = with_objects(ids);
        let client = &client;
        async move {
            drop(
                client
                    .send(Method::POST, "/raid/?dryRun=true", Some(&body))
                    .await,
            );
        }
    };
    let attack = async {
        join_all((0..RUNS).map(run)).await;
    };
    let token = stage.command(&["token", "--subject", "victim"]).output();
    let victim = Victim::new(&agency, |number| {
        with_objects([format!("victim-{number}-{}", random())].into_iter())
    });
    let victim = victim.with_token(token.trim());
    measure(&agency, &victim, attack).await;
}

/// So that nothing is known of what is minted again.
fn random() -> u64 {
    rand::random()
}

fn with_objects(ids: impl Iterator<Item = String>) -> Value {
    let example: Value =
        serde_json::from_str(include_str!("../../../../examples/raid-max.json")).expect("JSON");
    let object = |id: String| {
        let mut object = example["relatedObject"][0].clone();
        object["id"] = json!(format!("https://doi.org/10.5555/{id}"));
        object
    };
    let mut request = examples::minimal();
    request["relatedObject"] = ids.map(object).collect::<Vec<_>>().into();
    request
}

/// A slow server in place of all other registries; gives its address.
fn registries() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let answer = || async {
                tokio::time::sleep(ANSWER).await;
                HttpResponse::Ok().finish()
            };
            let server = HttpServer::new(move || App::new().default_service(web::to(answer)));
            let server = server.workers(1).disable_signals().listen(listener);
            server.expect("a server").run().await
        })
    });
    format!("http://{address}")
}
