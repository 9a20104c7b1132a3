//! Errors of the member API: ORCID's codes, statuses and English texts.

use serde_json::json;

use crate::reply::{Format, Reply};
use crate::xml::write::Writer;

/// Where ORCID sends developers.
const MORE_INFO: &str = "https://members.orcid.org/api/resources/troubleshooting";

/// One error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) status: u16,
    pub(crate) developer_message: String,
    pub(crate) user_message: &'static str,
    /// The primary record of a deprecated one.
    pub(crate) location: Option<String>,
}

const DOCUMENT: &str = "The resource sent by the client application is not valid.";
const CLIENT: &str = "There was an error with the client application. Please contact its support.";
const NOT_FOUND: &str = "The resource was not found.";
const DUPLICATE: &str = "There was an error when updating the record. Please try again.";
const STATE: &str = "The ORCID record cannot be edited at the moment.";

/// code, status, developer message, user message.
type Entry = (u16, u16, &'static str, &'static str);

#[rustfmt::skip]
const CATALOGUE: &[Entry] = &[
    (9001, 400, "400 Bad Request: There is an issue with your data or the API endpoint.", DOCUMENT),
    (9004, 403, "403 Forbidden: You are not authorized to view this element.", CLIENT),
    (9006, 400, "400 Bad Request: There is an illegal argument in the request.", DOCUMENT),
    (9007, 409, "409 Conflict: The ORCID record has been deprecated.", STATE),
    (9008, 500, "Something went wrong in ORCID.", "Something went wrong in ORCID."),
    (9009, 403, "403 Forbidden: The notification has already been read and cannot be archived.", CLIENT),
    (9010, 403, "403 Forbidden: You are not the source of the work, so you are not allowed to update it.", CLIENT),
    (9012, 400, "The client application sent a bad request to ORCID.", DOCUMENT),
    (9013, 403, "403 Forbidden: The item is private and you are not the source.", CLIENT),
    (9016, 404, "404 Not Found: The resource was not found.", NOT_FOUND),
    (9017, 401, "401 Unauthorized: The client application is not authorized for this ORCID record.", CLIENT),
    (9018, 409, "409 Conflict: The ORCID record is locked and cannot be edited.", STATE),
    (9019, 400, "400 Bad Request: The put code in the URL does not match the one in the body.", DOCUMENT),
    (9020, 400, "400 Bad Request: Bad authorization uri.", DOCUMENT),
    (9021, 409, "409 Conflict: You have already added this activity (matched by external identifiers).", DUPLICATE),
    (9023, 400, "400 Bad Request: Invalid external-id.", DOCUMENT),
    (9024, 400, "400 Bad Request: The put code must not be present when an element is created.", DOCUMENT),
    (9029, 404, "404 Not Found: The notification was not found.", NOT_FOUND),
    (9034, 400, "400 Bad Request: The put code must be a number.", DOCUMENT),
    (9035, 403, "403 Forbidden: You can't change the visibility of an item, please remove the visibility or set it to the current value.", DOCUMENT),
    (9036, 409, "409 Conflict: This record has not been claimed.", STATE),
    (9038, 403, "409 Conflict: The item is limited or the token lacks the required scope.", CLIENT),
    (9044, 409, "409 Conflict: The ORCID record is deactivated and cannot be edited.", STATE),
    (9045, 400, "400 Bad request: disambiguated-organization must be present and valid", DOCUMENT),
    (9046, 400, "400 Bad request: organization must be present and valid", DOCUMENT),
    (9049, 400, "400 Bad request: invalid date.", DOCUMENT),
    (9051, 400, "400 Bad request: invalid value for an enum.", DOCUMENT),
    (9055, 400, "400 Bad Request: End date must come after start date.", DOCUMENT),
    (9056, 308, "308 Permanent Redirect: this release candidate is retired, please use v3.0.", CLIENT),
    (9057, 409, "409 Conflict: The client application is locked or deactivated.", CLIENT),
    (9061, 400, "City or region cannot be provided without a country for the organization address.", DOCUMENT),
    (9062, 400, "Professional activities cannot be added without an organization id/external identifier. One has to be present.", DOCUMENT),
];

impl ApiError {
    /// The catalogue's entry; a code that it lacks becomes 9008.
    pub(crate) fn new(code: u16) -> Self {
        const UNEXPECTED: Entry = (9008, 500, "Something went wrong in ORCID.", CLIENT);
        let found = CATALOGUE.iter().find(|entry| entry.0 == code);
        let &(code, status, developer_message, user_message) = found.unwrap_or(&UNEXPECTED);
        let developer_message = developer_message.to_owned();
        Self {
            code,
            status,
            developer_message,
            user_message,
            location: None,
        }
    }

    /// Adds what exactly was wrong.
    pub(crate) fn detail(mut self, what: &str) -> Self {
        self.developer_message.push_str(" Full validation error: ");
        self.developer_message.push_str(what);
        self
    }

    /// 9001 with another status than 400.
    pub(crate) fn transport(status: u16, what: &str) -> Self {
        Self {
            status,
            ..Self::new(9001).detail(what)
        }
    }

    /// 9021, whose message is the only place that names the put-code of the standing item.
    pub(crate) fn duplicate(put_code: i64) -> Self {
        let developer_message = format!(
            "409 Conflict: You have already added this activity (matched by external identifiers), \
             please see element with put-code {put_code}. If you are trying to edit the item, \
             please use PUT instead of POST."
        );
        Self {
            developer_message,
            ..Self::new(9021)
        }
    }

    /// 9038.
    pub(crate) fn missing_scope(needed: &str) -> Self {
        Self::new(9038).detail(&format!("Insufficient or wrong scope, needed: {needed}"))
    }

    /// 9019.
    pub(crate) fn put_code_mismatch(url: i64, body: Option<i64>) -> Self {
        let body = body.map_or_else(|| "null".to_owned(), |b| b.to_string());
        let developer_message = format!(
            "400 Bad Request: The put code in the URL was {url} whereas the one in the body was \
             {body}."
        );
        Self {
            developer_message,
            ..Self::new(9019)
        }
    }

    /// 9049.
    pub(crate) fn invalid_date(date: &str) -> Self {
        let developer_message = format!("400 Bad request: invalid date: {date} ");
        Self {
            developer_message,
            ..Self::new(9049)
        }
    }

    /// 9051.
    pub(crate) fn invalid_value(value: &str, of: &str) -> Self {
        let developer_message = format!("400 Bad request: invalid value '{value}' for enum '{of}'");
        Self {
            developer_message,
            ..Self::new(9051)
        }
    }

    /// 9007: `409`, or `301` on a GET, with the primary record's address.
    pub(crate) fn deprecated(primary: &str, reading: bool) -> Self {
        let developer_message =
            format!("This account is deprecated. Please refer to account: {primary}.");
        Self {
            status: if reading { 301 } else { 409 },
            developer_message,
            location: Some(primary.to_owned()),
            ..Self::new(9007)
        }
    }

    /// The answer in the asked format.
    pub(crate) fn reply(&self, format: Format) -> Reply {
        let body = match format {
            Format::Xml(_) => self.xml(),
            Format::Json(_) => json!({
                "response-code": self.status,
                "developer-message": self.developer_message,
                "user-message": self.user_message,
                "error-code": self.code,
                "more-info": MORE_INFO,
            })
            .to_string()
            .into_bytes(),
        };
        let reply = Reply::new(self.status).body(format.content_type(), body);
        match &self.location {
            Some(location) => reply.header("location", location),
            None => reply,
        }
    }

    fn xml(&self) -> Vec<u8> {
        let mut w = Writer::document("error:error", &[]);
        w.text("error:response-code", &self.status.to_string());
        w.text("error:developer-message", &self.developer_message);
        w.text("error:user-message", self.user_message);
        w.text("error:error-code", &self.code.to_string());
        w.text("error:more-info", MORE_INFO);
        w.finish()
    }
}
