//! The answer to a change of a RAiD: the record as it stands now, its tag, and what to look at.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::http::header;
use raid_model::Handle;
use store::StoreError;

use crate::registry::Registry;
use crate::{record, warning};

pub(crate) async fn answer(
    registry: &Registry,
    handle: &Handle,
    warnings: &BTreeSet<String>,
) -> Result<HttpResponse, StoreError> {
    let record = record::load_anew(registry, handle).await?;
    let mut answer = HttpResponse::Ok();
    if let Some(header) = warning::header(warnings) {
        answer.insert_header(header);
    }
    Ok(answer
        .insert_header((header::ETAG, record.full.etag.clone()))
        .content_type("application/json")
        .body(record.full.body.clone()))
}
