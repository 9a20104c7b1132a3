//! Which statuses are documented, and which were given.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;

use crate::harness::{Reply, Server, request};

/// Method, pattern of the path, status.
pub type Given = BTreeSet<(String, String, u16)>;

pub fn documented() -> Given {
    let description: Value = serde_json::from_str(&raid_registry::openapi_json()).unwrap();
    let mut given = Given::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for status in operation["responses"].as_object().unwrap().keys() {
                let status = status.parse().unwrap();
                given.insert((method.to_uppercase(), path.clone(), status));
            }
        }
    }
    given
}

/// Sends requests and notes what came back.
pub struct Notes {
    pub given: Given,
}

impl Notes {
    pub async fn send(&mut self, server: &Server, request: TestRequest) -> Reply {
        self.note(server.send(request).await)
    }

    pub async fn send_stalled(&mut self, server: &Server, request: TestRequest) -> Reply {
        self.note(server.send_stalled(request).await)
    }

    pub fn note(&mut self, reply: Reply) -> Reply {
        let route = reply.route.clone().unwrap();
        let status = reply.status.as_u16();
        self.given.insert((reply.method.to_string(), route, status));
        reply
    }

    pub async fn get(&mut self, server: &Server, token: &str, path: &str) -> Reply {
        self.send(server, request(Method::GET, path, token)).await
    }
}
