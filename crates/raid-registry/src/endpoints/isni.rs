//! The names of people who are known by an ISNI, for the RAiD application.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{ExternalId, IsniId, Resolver};
use serde::Serialize;

use crate::accept;
use crate::auth::Caller;
use crate::existence::UnavailableResolver;
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// Characters of an ISNI.
const LENGTH: usize = 16;

pub(crate) fn describe() -> Describe {
    described("readIsniName")
}

pub(crate) fn describe_for_app() -> Describe {
    described("readIsniNameForApp")
}

fn described(id: &'static str) -> Describe {
    Describe::new(id, "People", "What is the person with this ISNI called?")
        .text(
            "Given and family name: those of the first name in ISNI's record that is legal or public, \
             else of the first one. For every valid token.",
        )
        .secured_for_all()
        .name("isni", "Its 16 characters, without blanks and hyphens")
        .json_only()
        .json(200, "The name", "PersonName")
        .empty(400, "It is no ISNI; nobody was asked")
        .empty(404, "ISNI does not know it, or not as a person")
        .looked_up()
}

#[derive(Serialize)]
struct PersonName {
    name: String,
}

pub(crate) async fn name(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let text = req.match_info().query("isni");
    let isni = text.parse::<IsniId>().ok();
    let Some(isni) = isni.filter(|_| text.len() == LENGTH) else {
        return Ok(HttpResponse::BadRequest().finish());
    };
    let who = caller.client_and_subject();
    match registry.resolvers.isni_name(&who, &isni).await {
        Ok(Some(name)) => Ok(HttpResponse::Ok().json(PersonName { name })),
        Ok(None) => Err(Refusal::NotFound),
        Err(why) => {
            let id = ExternalId {
                resolver: Resolver::Isni,
                value: text.to_owned(),
            };
            let entry = UnavailableResolver::of("isni".to_owned(), id, why);
            Err(Problem::resolvers_unavailable(vec![entry]).into())
        }
    }
}
