//! A button counts only when it was pressed on our own page.
//!
//! ORCID asks nothing of a person who granted before, so another site could otherwise post a link
//! of its own choice through their browser, and have them join a project without a click. The page
//! leaves a cookie for its link, which browsers do not send along from other sites. Beside it, what
//! the browser says of the page is checked.

use crate::cookies;
use crate::signed::LinkError;
use crate::visit::Inbox;
use actix_web::body::BoxBody;
use actix_web::cookie::SameSite;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderValue, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use url::Url;

/// How much of the cookie's value is its name: pages in several tabs have one each.
const NAME_LENGTH: usize = 12;
/// Says where a request comes from; browsers set it, and pages cannot (W3C Fetch Metadata).
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Leaves the cookie for a page's link.
pub(crate) fn leave_cookie(inbox: &Inbox, mut answer: HttpResponse, link: &str) -> HttpResponse {
    let value = inbox.signer.cookie(&subject(link));
    let cookie = cookies::make(
        &inbox.settings,
        &name(&value),
        value.clone(),
        SameSite::Strict,
    );
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
        .cookie(&cookies::name(&inbox.settings, &name(&expected)))
        .is_some_and(|cookie| inbox.signer.is_cookie_of(cookie.value(), &subject(link)))
}

/// Refuses what a page of another site posts.
pub(crate) async fn refuse_other_sites(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(inbox) = request.app_data::<web::Data<Inbox>>()
        && request.method() == Method::POST
        && is_from_elsewhere(request.headers(), &inbox.settings.public_url)
    {
        let refused = inbox.bad_link(LinkError::Elsewhere);
        return Ok(request.into_response(refused));
    }
    next.call(request).await
}

/// Whether the browser says that the page is not ours. Our pages send no referrer, so their `Origin`
/// is `null` (Fetch, "serializing a request origin"), which says nothing.
fn is_from_elsewhere(headers: &HeaderMap, ours: &Url) -> bool {
    let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    if header(SEC_FETCH_SITE).is_some_and(|site| site != b"same-origin") {
        return true;
    }
    let ours = ours.origin().ascii_serialization();
    header(ORIGIN.as_str()).is_some_and(|origin| origin != b"null" && origin != ours.as_bytes())
}

fn subject(link: &str) -> String {
    format!("page.{link}")
}

fn name(value: &str) -> String {
    format!("raid_page_{}", value.get(..NAME_LENGTH).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

    #[test]
    fn a_browser_that_names_another_site_is_believed() {
        let ours: Url = "https://raid.example/agency/".parse().unwrap();
        let from = |given: &[(&'static str, &'static str)]| {
            let headers = given.iter().map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            });
            is_from_elsewhere(&headers.collect(), &ours)
        };
        assert!(!from(&[]));
        assert!(!from(&[("origin", "null")]));
        assert!(!from(&[("origin", "https://raid.example")]));
        assert!(!from(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "null")
        ]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(from(&[("sec-fetch-site", site)]), "{site}");
        }
        for origin in [
            "https://evil.example",
            "http://raid.example",
            "https://raid.example:444",
        ] {
            assert!(from(&[("origin", origin)]), "{origin}");
            assert!(from(&[
                ("sec-fetch-site", "same-origin"),
                ("origin", origin)
            ]));
        }
    }
}
