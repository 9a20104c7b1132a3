//! The session cookie.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use crate::OrcidId;
use crate::world::{RecordState, World};

const COOKIE: &str = "orcid_simulator_session";

/// Who is signed in on this browser. A record that is closed or locked is signed out.
pub(crate) fn researcher(request: &HttpRequest, world: &World) -> Option<OrcidId> {
    let orcid = world.sessions.researcher(&id(request)?)?.clone();
    let usable = world
        .records
        .get(&orcid)
        .is_some_and(|r| may_sign_in(&r.state));
    usable.then_some(orcid)
}

/// Whether the owner of a record in this state can sign in.
pub(crate) fn may_sign_in(state: &RecordState) -> bool {
    matches!(state, RecordState::Active)
}

/// The session's id from the cookie.
pub(crate) fn id(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|c| c.value().to_owned())
}

/// Signs in and gives the cookie to set.
pub(crate) fn start(world: &mut World, orcid: &OrcidId) -> Cookie<'static> {
    let id = world.sessions.start(orcid.clone());
    Cookie::build(COOKIE, id)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// The cookie that signs out.
pub(crate) fn ended() -> Cookie<'static> {
    let mut cookie = Cookie::build(COOKIE, "").path("/").finish();
    cookie.make_removal();
    cookie
}
