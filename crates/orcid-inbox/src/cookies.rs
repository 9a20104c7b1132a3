//! The cookies of our pages.

use crate::settings::Settings;
use actix_web::cookie::{Cookie, SameSite};

/// A browser takes a cookie whose name begins like this only from this very host, over TLS and for
/// all of its paths (RFC 6265bis, section 4.1.3.2). So no other host of our domain can set one.
const HOST_PREFIX: &str = "__Host-";

/// The name of a cookie, as browsers send it.
pub(crate) fn name(settings: &Settings, name: &str) -> String {
    if is_secure(settings) {
        format!("{HOST_PREFIX}{name}")
    } else {
        name.to_owned()
    }
}

/// A cookie that scripts cannot read, for as long as a visit may take.
pub(crate) fn make(
    settings: &Settings,
    own_name: &str,
    value: String,
    same_site: SameSite,
) -> Cookie<'static> {
    let lifetime = i64::try_from(settings.visit_lifetime.as_secs()).unwrap_or(i64::MAX);
    Cookie::build(name(settings, own_name), value)
        .path("/")
        .http_only(true)
        .secure(is_secure(settings))
        .same_site(same_site)
        .max_age(actix_web::cookie::time::Duration::seconds(lifetime))
        .finish()
}

fn is_secure(settings: &Settings) -> bool {
    settings.public_url.scheme() == "https"
}
