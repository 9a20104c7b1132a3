//! Hot reads of one RAiD, beside a handler that only returns the same bytes, and beside cold reads.

use crate::figures::{Side, bars, heading, ratio};
use crate::load::{self, Target};
use crate::mints::address_of;
use crate::requests::{people, requests};
use crate::{bulk, name_of, runtime, shipped};
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use raid_tests::examples::handle_of;
use raid_tests::{Backend, Stage};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

const ROUNDS: usize = 7;
const SLICE: Duration = Duration::from_secs(2);
const CLIENTS: usize = 32;
/// RAiDs that are read by turns, so that each is out of the cache when its turn comes again.
const COLD: usize = 20_000;

/// Prints how hot reads go on this database.
pub fn measure(backend: Backend) {
    let stage = Stage::new(backend);
    runtime().block_on(async {
        let agency = stage.agency_with(&shipped::settings("off")).await;
        let client = agency.client();
        let raid = client.mint(&requests(&people(5))[0]).await;
        let path = format!("/raid/{}", handle_of(&raid));
        let body = client.get(&path).await.text;
        let token = std::fs::read_to_string(stage.data().join("demo.token")).expect("a token");
        let line = format!("GET {path}");
        heading(&format!(
            "Hot reads on {}: {CLIENTS} clients, {} bytes; {ROUNDS} rounds of {SLICE:?} a side",
            name_of(backend),
            body.len()
        ));
        let bare_server = BareServer::start(path, body.into());
        let target = |address| Target {
            address,
            requests: vec![load::request(&line, token.trim(), b"")],
            status: 200,
        };
        let cold = Target {
            address: address_of(&agency),
            requests: bulk::mint(agency.url(), token.trim(), COLD)
                .await
                .iter()
                .map(|handle| load::request(&format!("GET /raid/{handle}"), token.trim(), b""))
                .collect(),
            status: 200,
        };
        let own = target(address_of(&agency));
        let other = target(bare_server.address);
        let (mut through, mut bare) = (Side::new("GET /raid/{handle}"), Side::new("bare handler"));
        let mut seldom = Side::new("cold reads");
        for _ in 0..ROUNDS {
            through.add(own.load(CLIENTS, SLICE));
            bare.add(other.load(CLIENTS, SLICE));
            seldom.add(cold.load(CLIENTS, SLICE));
        }
        bars(&[&through, &bare, &seldom]);
        ratio(&through, &bare, Some(0.5));
        ratio(&seldom, &through, None);
        bare_server.stop().await;
    });
}

/// A server with as many workers as the agency, that looks at nothing.
struct BareServer {
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<std::io::Result<()>>,
}

impl BareServer {
    fn start(path: String, body: Bytes) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let body = body.clone();
                    let answer = move || {
                        let body = body.clone();
                        async move {
                            HttpResponse::Ok()
                                .content_type("application/json")
                                .body(body)
                        }
                    };
                    App::new().route(&path, web::get().to(answer))
                })
                .tcp_nodelay(true)
                .disable_signals()
                .bind((Ipv4Addr::LOCALHOST, 0))?;
                let address = server.addrs()[0];
                let server = server.run();
                tell.send((address, server.handle())).expect("a listener");
                server.await
            })
        });
        let (address, handle) = told.recv().expect("a bare server");
        Self {
            address,
            handle,
            thread,
        }
    }

    async fn stop(self) {
        self.handle.stop(false).await;
        let ended = self.thread.join().expect("the thread of the bare server");
        ended.expect("the bare server");
    }
}
