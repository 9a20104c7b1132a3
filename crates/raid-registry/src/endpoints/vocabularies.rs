//! The controlled vocabularies, so that clients need no copies.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::vocabulary::{self, Term};
use serde::Serialize;

use crate::openapi::Describe;
use crate::refusal::Refusal;
use crate::{accept, etag};

/// They change with a release only, so a day is no time.
const CACHE: &str = "public, max-age=86400";

pub(crate) fn describe_list() -> Describe {
    Describe::new("listVocabularies", "Vocabularies", "List the vocabularies")
        .text("By the member of a RAiD that draws from them. Open to everybody, and cacheable.")
        .json_only()
        .json_list(200, "The vocabularies", "VocabularySummary")
        .empty(304, "As the client has it")
}

pub(crate) fn describe_read() -> Describe {
    Describe::new("readVocabulary", "Vocabularies", "Read a vocabulary")
        .text("Open to everybody, and cacheable.")
        .name("name", "The member, such as `contributor.position`")
        .json_only()
        .json(200, "The vocabulary with its terms", "Vocabulary")
        .empty(304, "As the client has it")
        .empty(404, "No such vocabulary")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    name: &'static str,
    schema_uris: Vec<&'static str>,
    terms: usize,
    href: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    name: &'static str,
    schema_uris: Vec<&'static str>,
    terms: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    label: &'static str,
}

pub(crate) async fn list(req: HttpRequest) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let all: Vec<_> = vocabulary::listed()
        .map(|(name, schema_uris, terms)| Summary {
            name,
            schema_uris,
            terms: terms.len(),
            href: format!("/v1/vocabularies/{name}"),
        })
        .collect();
    Ok(answer(&req, &all))
}

pub(crate) async fn read(
    req: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let wanted = path.into_inner();
    let (name, schema_uris, terms) = vocabulary::listed()
        .find(|(name, ..)| *name == wanted)
        .ok_or(Refusal::NotFound)?;
    let terms = terms
        .into_iter()
        .map(|Term { id, label }| Entry { id, label })
        .collect();
    let whole = Whole {
        name,
        schema_uris,
        terms,
    };
    Ok(answer(&req, &whole))
}

fn answer(req: &HttpRequest, value: &impl Serialize) -> HttpResponse {
    let Ok(body) = serde_json::to_vec(value) else {
        return HttpResponse::InternalServerError().finish();
    };
    let etag = etag::of(1, &body);
    if let Some(mut same) = etag::not_modified(req, &etag) {
        let cache = header::HeaderValue::from_static(CACHE);
        same.headers_mut().insert(header::CACHE_CONTROL, cache);
        return same;
    }
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, CACHE))
        .content_type("application/json")
        .body(body)
}
