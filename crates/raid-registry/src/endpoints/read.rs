//! Reading one RAiD.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::rdf;
use store::StoreError;

use crate::accept::{self, Representation};
use crate::auth::Visitor;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::record::Face;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{etag, sight};

pub(crate) fn describe() -> Describe {
    Describe::new("readRaid", "RAiDs", "Read a RAiD")
        .text(
            "The current version, as JSON or as RDF. Users of a service point read its RAiDs; to \
             others it makes no difference whether a RAiD is foreign, embargoed or unknown (403).",
        )
        .open()
        .handle()
        .of_raid()
        .stored()
        .json(200, "The RAiD", "RaidDto")
        .negotiated(200, Representation::ALL)
        .header(
            200,
            "ETag",
            "For `If-None-Match`, and for `If-Match` of a change",
        )
        .empty(304, "As the client has it: `If-None-Match` names its tag")
        .empty(404, "No such RAiD (told to operators only)")
}

pub(crate) async fn read(
    Visitor(caller): Visitor,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let representation = accept::best(&req, Representation::ALL)?;
    let record = sight::readable(&registry, caller.as_ref(), path.handle.as_ref()).await?;
    let handle = path.handle.as_ref().ok_or(Refusal::NotFound)?;
    let face = sight::face(&registry, caller.as_ref(), &record, handle).await?;
    let etag = etag::in_form(&face.etag, representation);
    if let Some(same) = etag::not_modified(&req, &etag) {
        return Ok(same);
    }
    let body = match representation {
        Representation::Json => face.body.clone(),
        Representation::Rdf(format) => as_rdf(face, format)?.into(),
        Representation::PlainNTriples => as_rdf(face, rdf::RdfFormat::NTriples)?.into(),
    };
    Ok(HttpResponse::Ok()
        .content_type(representation.content_type())
        .insert_header((header::VARY, etag::VARY))
        .insert_header((header::ETAG, etag))
        .body(body))
}

fn as_rdf(face: &Face, format: rdf::RdfFormat) -> Result<Vec<u8>, StoreError> {
    rdf::render(&face.shown()?, format).map_err(|e| StoreError::Corrupt(e.to_string()))
}
