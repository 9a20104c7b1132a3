//! The button that sends people on to ORCID counts only when it was pressed on our own page.
//!
//! ORCID asks nothing of a person who granted before, so another site could otherwise post a link
//! of its own choice through their browser, and have them join a project without a click. The page
//! leaves a cookie for its link, which browsers do not send along from other sites.

use crate::request::page_url;
use crate::visit::Inbox;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};

/// How much of the cookie's value is its name: pages in several tabs have one each.
const NAME_LENGTH: usize = 12;

/// Leaves the cookie for a page's link.
pub(crate) fn leave_cookie(inbox: &Inbox, mut answer: HttpResponse, link: &str) -> HttpResponse {
    let value = inbox.signer.cookie(&subject(link));
    let settings = &inbox.settings;
    let lifetime = i64::try_from(settings.visit_lifetime.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build(name(&value), value)
        .path(page_url(settings, "orcid").path().to_owned())
        .http_only(true)
        .secure(settings.public_url.scheme() == "https")
        .same_site(SameSite::Strict)
        .max_age(actix_web::cookie::time::Duration::seconds(lifetime))
        .finish();
    // Fails only for a name or value that no header can carry; ours are base64.
    if answer.add_cookie(&cookie).is_err() {
        tracing::error!("a page's cookie cannot be set");
    }
    answer
}

/// Whether the request comes from the page that shows this link.
pub(crate) fn on_our_page(inbox: &Inbox, request: &HttpRequest, link: &str) -> bool {
    let expected = inbox.signer.cookie(&subject(link));
    request
        .cookie(&name(&expected))
        .is_some_and(|cookie| inbox.signer.is_cookie_of(cookie.value(), &subject(link)))
}

fn subject(link: &str) -> String {
    format!("page.{link}")
}

fn name(value: &str) -> String {
    format!("raid_page_{}", value.get(..NAME_LENGTH).unwrap_or(value))
}
