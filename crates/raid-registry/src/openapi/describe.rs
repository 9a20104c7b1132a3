//! Describing one operation in the words that many share.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use std::collections::BTreeMap;

use crate::accept::Representation;
use crate::lines::NDJSON;

/// The name of the security scheme.
pub(super) const BEARER: &str = "bearer";
const JSON: &str = "application/json";
/// A request that anybody may send as it is.
const MINT_EXAMPLE: &str = include_str!("../../../../examples/raid-min.json");
const PROBLEM_JSON: &str = "application/problem+json";

/// The description of one operation: every status that it can give.
pub(crate) struct Describe {
    operation: OperationBuilder,
    responses: BTreeMap<u16, Response>,
    /// Whether it is answered without a token.
    is_open: bool,
}

impl Describe {
    pub(crate) fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            operation: OperationBuilder::new()
                .operation_id(Some(id))
                // Generated clients name their modules so.
                .tag(tag.to_lowercase().replace(' ', "-"))
                .summary(Some(summary)),
            responses: BTreeMap::new(),
            is_open: true,
        }
    }

    /// What a reader must know besides.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.operation = self.operation.description(Some(text));
        self
    }

    /// Needs a token, and a role or a right.
    pub(crate) fn secured(mut self) -> Self {
        self.is_open = false;
        let scopes: [&str; 0] = [];
        let bearer = SecurityRequirement::new(BEARER, scopes);
        self.operation = self.operation.security(bearer);
        self.empty(401, "No token, or one that does not count")
            .header(401, "WWW-Authenticate", "What is wrong with the token")
            .problem(403, "The token does not give the right to this")
            .unavailable()
    }

    /// Needs no token; one that is sent must count, and may show more.
    pub(crate) fn open(mut self) -> Self {
        self.operation = self.operation.security(SecurityRequirement::default());
        let described = self.secured();
        Self {
            is_open: true,
            ..described
        }
    }

    /// Needs a token, whatever its roles.
    pub(crate) fn secured_for_all(self) -> Self {
        let mut described = self.secured();
        described.responses.remove(&403);
        described
    }

    /// Whether it is answered without a token.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// As [`Describe::open`], and nobody lacks a right to it.
    pub(crate) fn open_to_all(self) -> Self {
        let mut described = self.open();
        described.responses.remove(&403);
        described
    }

    /// Reads one RAiD, which may be under embargo or withdrawn.
    pub(crate) fn of_raid(self) -> Self {
        let closed = ResponseBuilder::new()
            .description(
                "Under embargo, and the token gives no right to it; or unknown, which callers \
                 with a token are not told (without a body)",
            )
            .content(JSON, content("ClosedRaid"));
        let unknown = ResponseBuilder::new()
            .description(
                "A token that does not count; or no token, and the RAiD is under embargo (with a \
                 body)",
            )
            .content(JSON, content("ClosedRaid"));
        self.response(403, closed.build())
            .response(401, unknown.build())
            .header(401, "WWW-Authenticate", "What is wrong with the token")
            .withdrawn()
    }

    /// The RAiD may be withdrawn.
    pub(crate) fn withdrawn(self) -> Self {
        self.problem(410, "The RAiD was withdrawn; `detail` says why")
    }

    /// Works on the store.
    pub(crate) fn stored(self) -> Self {
        self.problem(500, "Something failed that is not the client's")
            .unavailable()
    }

    fn unavailable(self) -> Self {
        self.problem(503, "Busy, and nothing was written: please retry")
            .header(503, "Retry-After", "Seconds")
    }

    /// Answers in JSON only.
    pub(crate) fn json_only(self) -> Self {
        let response = http_problem("The request does not accept JSON");
        self.response(406, response)
    }

    /// Answers, at a status that is described already, in what the client likes best of these.
    pub(crate) fn negotiated(mut self, status: u16, offered: &[Representation]) -> Self {
        if let Some(response) = self.responses.get_mut(&status) {
            for representation in offered {
                let as_text = ContentBuilder::new().schema(Some(text())).build();
                let media_type = representation.media_type().to_owned();
                let content = response.content.entry(media_type);
                content.or_insert_with(|| as_text.into());
            }
        }
        let response = http_problem("The request accepts no media type that is offered");
        self.response(406, response)
    }

    /// Heeds `If-Match`.
    pub(crate) fn precondition(self) -> Self {
        let text = "`If-Match` names no tag of the current version";
        self.response(412, http_problem(text)).header(
            200,
            "ETag",
            "For `If-Match` of a further change",
        )
    }

    /// Is refused to clients that ask too fast.
    pub(super) fn limited(self) -> Self {
        self.response(429, http_problem("Too many requests: wait, and ask again"))
            .header(429, "Retry-After", "Seconds")
    }

    /// Heeds `Idempotency-Key`.
    pub(crate) fn idempotent(self) -> Self {
        let in_hand = "A request with this `Idempotency-Key` is being served: ask again";
        let other = "The `Idempotency-Key` was used for another request";
        self.idempotency_key()
            .response(409, http_problem(in_hand))
            .header(409, "Retry-After", "Seconds")
            .response(422, http_problem(other))
    }

    /// Takes an `Idempotency-Key`.
    pub(crate) fn idempotency_key(mut self) -> Self {
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(
                "Of 1 to 255 visible ASCII characters, new for each request: who sends a request \
                 again with its key gets the first one's answer, for 24 hours. Refusals are not \
                 kept",
            ))
            .schema(Some(text()));
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// Has a name in its path.
    pub(crate) fn name(self, name: &'static str, description: &'static str) -> Self {
        self.parameter(name, description, text())
    }

    /// Names a RAiD in its path.
    pub(crate) fn handle(self) -> Self {
        self.parameter("prefix", "The handle's part before the slash", text())
            .parameter("suffix", "The handle's part after the slash", text())
    }

    /// Has a whole number in its path.
    pub(crate) fn number(self, name: &'static str, description: &'static str) -> Self {
        let number = ObjectBuilder::new().schema_type(Type::Integer).build();
        self.parameter(name, description, number)
    }

    /// Takes a parameter in the query.
    pub(crate) fn query(mut self, name: &'static str, description: &'static str) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(description))
            .schema(Some(text()));
        self.operation = self.operation.parameter(parameter);
        self
    }

    fn parameter(mut self, name: &'static str, text: &'static str, schema: Object) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(text))
            .schema(Some(schema));
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// Takes a JSON body.
    pub(crate) fn body(mut self, schema: &'static str) -> Self {
        let body = RequestBodyBuilder::new()
            .content(JSON, content_with_example(schema))
            .required(Some(Required::True))
            .build();
        self.operation = self.operation.request_body(Some(body));
        let invalid = ResponseBuilder::new()
            .description("The body cannot be read, or breaks rules: `failures` names each field")
            .content(JSON, content("ValidationFailureResponse"));
        self.response(400, invalid.build())
            .response(408, http_problem("The body did not arrive in time"))
            .response(413, http_problem("The body is too large"))
            .response(415, http_problem("The body is not plain JSON"))
    }

    /// Takes lines of JSON, and answers each with one.
    pub(crate) fn lines(mut self, line: &'static str, result: &'static str) -> Self {
        let body = RequestBodyBuilder::new()
            .content(NDJSON, content(line))
            .required(Some(Required::True))
            .build();
        self.operation = self.operation.request_body(Some(body));
        let results = ResponseBuilder::new()
            .description("What became of each line")
            .content(NDJSON, content(result))
            .build();
        self.response(200, results)
            .problem(400, "A header cannot be used")
            .response(
                406,
                http_problem("The request does not accept lines of JSON"),
            )
            .response(415, http_problem("The body is not plain lines of JSON"))
    }

    /// Answers with a JSON object.
    pub(crate) fn json(self, status: u16, text: &'static str, schema: &'static str) -> Self {
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content(schema));
        self.response(status, response.build())
    }

    /// Answers with one of two JSON objects.
    pub(crate) fn json_either(
        self,
        status: u16,
        text: &'static str,
        schemas: [&'static str; 2],
    ) -> Self {
        let either = schemas
            .into_iter()
            .fold(OneOfBuilder::new(), |either, schema| {
                either.item(named(schema))
            });
        let content = ContentBuilder::new().schema(Some(Schema::OneOf(either.build())));
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content.build());
        self.response(status, response.build())
    }

    /// Answers with a JSON list.
    pub(crate) fn json_list(self, status: u16, text: &'static str, schema: &'static str) -> Self {
        let list = ArrayBuilder::new().items(named(schema)).build();
        let content = ContentBuilder::new().schema(Some(Schema::Array(list)));
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content.build());
        self.response(status, response.build())
    }

    /// Answers with a JSON object of no further interest.
    pub(crate) fn any_json(self, status: u16, text: &'static str) -> Self {
        let object = ObjectBuilder::new().schema_type(Type::Object).build();
        let content = ContentBuilder::new().schema(Some(object));
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content.build());
        self.response(status, response.build())
    }

    /// Answers with a page.
    pub(crate) fn html(self, status: u16, description: &'static str) -> Self {
        let content = ContentBuilder::new().schema(Some(text()));
        let response = ResponseBuilder::new()
            .description(description)
            .content("text/html", content.build());
        self.response(status, response.build())
    }

    /// Answers with a problem.
    pub(crate) fn problem(self, status: u16, text: &'static str) -> Self {
        let schema = if status == 400 {
            "ValidationFailureResponse"
        } else {
            "FailureResponse"
        };
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content(schema))
            .content(PROBLEM_JSON, content("FailureResponse"));
        self.response(status, response.build())
    }

    /// Answers without a body.
    pub(crate) fn empty(self, status: u16, text: &'static str) -> Self {
        self.response(status, ResponseBuilder::new().description(text).build())
    }

    /// With a header, at a status that is described already.
    pub(crate) fn header(mut self, status: u16, name: &str, description: &str) -> Self {
        let header = HeaderBuilder::new()
            .schema(Some(text()))
            .description(Some(description))
            .build();
        if let Some(response) = self.responses.get_mut(&status) {
            response.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// Asks other registries whether identifiers exist, where that is switched on, and may accept
    /// what is not quite right.
    pub(crate) fn resolved(self, status: u16) -> Self {
        let text = "Members that were accepted although something is not right with them, such as \
                    `title[0].text, relatedObject[2].id`; absent if there are none";
        self.looked_up().header(status, "Validation-Warning", text)
    }

    /// Asks other registries.
    pub(crate) fn looked_up(self) -> Self {
        let unavailable = ResponseBuilder::new()
            .description(
                "Busy, or other registries could not be asked whether identifiers exist \
                 (`unavailableResolvers`). Nothing was written: please retry",
            )
            .content(JSON, content("ResolverUnavailableResponse"))
            .build();
        self.response(503, unavailable)
            .header(503, "Retry-After", "Seconds")
    }

    fn response(mut self, status: u16, response: Response) -> Self {
        self.responses.insert(status, response);
        self
    }

    pub(super) fn build(self) -> Operation {
        let responses = self.responses.into_iter();
        responses
            .fold(self.operation, |operation, (status, response)| {
                operation.response(status.to_string(), response)
            })
            .build()
    }
}

/// A problem that is no RAiD API's own.
fn http_problem(text: &'static str) -> Response {
    ResponseBuilder::new()
        .description(text)
        .content(PROBLEM_JSON, content("FailureResponse"))
        .build()
}

/// The content of a request, with an example that is served.
fn content_with_example(schema: &str) -> utoipa::openapi::Content {
    let example = match schema {
        "RaidCreateRequest" => serde_json::from_str(MINT_EXAMPLE).ok(),
        _ => None,
    };
    let content = ContentBuilder::new().schema(Some(named(schema)));
    content.example(example).build()
}

fn content(schema: &str) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(named(schema))).build()
}

fn named(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}
