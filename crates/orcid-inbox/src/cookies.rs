//! The cookies of our pages.

use crate::settings::Settings;
use actix_web::cookie::{Cookie, SameSite};

/// A browser takes a cookie whose name begins like this only from this very host, over TLS and for
/// all of its paths (RFC 6265bis, section 4.1.3.2). So no other host of our domain can set one.
const HOST_PREFIX: &str = "__Host-";

/// The name of a cookie, as browsers send it.
pub(crate) fn name(settings: &Settings, own_name: &str) -> String {
    full_name(is_secure(settings), own_name)
}

/// A cookie that scripts cannot read, for as long as a visit may take.
pub(crate) fn make(
    settings: &Settings,
    own_name: &str,
    value: String,
    same_site: SameSite,
) -> Cookie<'static> {
    let lifetime = i64::try_from(settings.visit_lifetime.as_secs()).unwrap_or(i64::MAX);
    let mut cookie = for_host(is_secure(settings), own_name, value);
    cookie.set_same_site(same_site);
    cookie.set_max_age(actix_web::cookie::time::Duration::seconds(lifetime));
    cookie
}

fn for_host(secure: bool, own_name: &str, value: String) -> Cookie<'static> {
    Cookie::build(full_name(secure, own_name), value)
        .path("/")
        .http_only(true)
        .secure(secure)
        .finish()
}

fn full_name(secure: bool, own_name: &str) -> String {
    if secure {
        format!("{HOST_PREFIX}{own_name}")
    } else {
        own_name.to_owned()
    }
}

fn is_secure(settings: &Settings) -> bool {
    settings.public_url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Browsers refuse a cookie of that name that lacks one of these.
    #[test]
    fn no_other_host_can_set_a_cookie_on_https() {
        let cookie = for_host(true, "raid_page_x", "v".to_owned());
        assert_eq!(
            cookie.to_string(),
            "__Host-raid_page_x=v; HttpOnly; Secure; Path=/"
        );
        let plain = for_host(false, "raid_page_x", "v".to_owned());
        assert_eq!(plain.to_string(), "raid_page_x=v; HttpOnly; Path=/");
    }
}
