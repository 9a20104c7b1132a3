//! The parts of a request's path.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use raid_model::Handle;

use crate::problem::Problem;
use crate::query::DATE_TIME;
use crate::refusal::Refusal;

/// The handle in a path, `{prefix}/{suffix}`.
#[derive(Debug, Clone)]
pub(crate) struct HandlePath {
    /// As it was written.
    pub(crate) text: String,
    /// None if the text is no handle; then no RAiD has it.
    pub(crate) handle: Option<Handle>,
}

impl FromRequest for HandlePath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = req.match_info();
        let text = format!("{}/{}", path.query("prefix"), path.query("suffix"));
        let handle = text.parse().ok();
        ready(Ok(Self { text, handle }))
    }
}

/// A number in a path.
pub(crate) fn number<T: std::str::FromStr>(req: &HttpRequest, name: &str) -> Result<T, Refusal> {
    let text = req.match_info().query(name);
    let number = text.parse();
    number.map_err(|_| Problem::unreadable_parameter(name, text, DATE_TIME).into())
}
