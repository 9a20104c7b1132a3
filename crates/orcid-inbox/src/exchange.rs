//! The exchange of a code for tokens, and what follows from it.
//!
//! The code is kept, sealed, until the exchange is settled, and the pair that ORCID gives is kept
//! before anything is decided on it. So no crash or failure leaves a pair at ORCID that we do not know;
//! [`crate::unsettled`] ends what was left in the middle.

use crate::grant;
use crate::invitation;
use crate::not_me;
use crate::outcome::sent_back;
use crate::part_of;
use crate::service_point;
use crate::set_out;
use crate::visit::{Inbox, OfVisit, of_same_browser};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use orcid_client::{AuthorizationCode, ExchangeError, Granted};
use raid_model::OrcidId;
use store::namings::Objected;
use store::permissions::Covers;
use store::visits::{self, Purpose, State, Visit};
use store::{Conn, Id, StoreError, Timestamp, grants};

/// Exchanges the code that the person came back with, once: ORCID disables the tokens of a code
/// that it sees twice.
pub(crate) async fn first(
    inbox: &web::Data<Inbox>,
    visit: &Visit,
    code: AuthorizationCode,
) -> Result<(), StoreError> {
    let sealed = inbox
        .store
        .keys()
        .seal(&visit.nonce, code.expose_secret())?;
    let (nonce, clock) = (visit.nonce.clone(), inbox.store.clock().clone());
    let first = inbox
        .store
        .write(move |c| visits::begin_exchange(c, &nonce, &sealed, clock.now()))
        .await?;
    if first {
        exchange(inbox, visit, code).await?;
    }
    Ok(())
}

/// `POST /orcid/retry`, the button of a result page: exchanges a code that ORCID has not used, or sends
/// the person there again.
pub(crate) async fn retry(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<OfVisit>,
) -> HttpResponse {
    let visit = match of_same_browser(&inbox, &request, &form.visit).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    match again(&inbox, &visit).await {
        Ok(true) => sent_back(&inbox, &visit.nonce),
        Ok(false) => set_out::begin(&inbox, visit.purpose, visit.subject).await,
        Err(e) => inbox.trouble(&e),
    }
}

/// Says whether the visit goes on. Else it has to begin again.
async fn again(inbox: &web::Data<Inbox>, visit: &Visit) -> Result<bool, StoreError> {
    match visit.state {
        // What came of it, or comes, is on its page.
        State::Granted | State::Confirmed | State::Exchanging => return Ok(true),
        State::Waiting => {}
        _ => return Ok(false),
    }
    let (nonce, clock) = (visit.nonce.clone(), inbox.store.clock().clone());
    let kept = inbox
        .store
        .write(move |c| visits::resume_exchange(c, &nonce, clock.now()))
        .await?;
    let Some(sealed) = kept else {
        // After a second press the first one's exchange counts; an expired visit begins again.
        return Ok(visit.expires_at > inbox.store.clock().now());
    };
    match inbox.store.keys().open(&visit.nonce, &sealed) {
        Ok(code) => exchange(inbox, visit, AuthorizationCode::new(code)).await?,
        Err(error) => {
            tracing::error!(%error, "a kept code cannot be opened");
            settle(inbox, visit, State::Failed).await?;
        }
    }
    Ok(true)
}

/// Exchanges the code to the end, also when the browser does not wait for it: a request that is
/// given up must not leave the outcome unknown.
async fn exchange(
    inbox: &web::Data<Inbox>,
    visit: &Visit,
    code: AuthorizationCode,
) -> Result<(), StoreError> {
    let (inbox, visit) = (inbox.clone(), visit.clone());
    let exchange = async move {
        match inbox.client.exchange_code(code).await {
            Ok(granted) => accept(&inbox, &visit, granted).await,
            Err(error) => give_up(&inbox, &visit, &error).await,
        }
    };
    rt::spawn(exchange)
        .await
        .map_err(|_| StoreError::Panicked)?
}

async fn give_up(inbox: &Inbox, visit: &Visit, error: &ExchangeError) -> Result<(), StoreError> {
    tracing::warn!(%error, "a code gave no tokens");
    let nonce = visit.nonce.clone();
    match error {
        ExchangeError::NotUsed { .. } => {
            let wait = move |c: &mut Conn| visits::wait(c, &nonce);
            inbox.store.write(wait).await
        }
        ExchangeError::RestartAuthorization(_) => {
            let fail = move |c: &mut Conn| visits::fail_in_doubt(c, &nonce);
            inbox.store.write(fail).await
        }
        ExchangeError::Failed(_) => settle(inbox, visit, State::Failed).await,
    }
}

async fn settle(inbox: &Inbox, visit: &Visit, to: State) -> Result<(), StoreError> {
    let nonce = visit.nonce.clone();
    let settle = move |c: &mut Conn| visits::settle(c, &nonce, to, None).map(drop);
    inbox.store.write(settle).await
}

/// Keeps the pair first, in a transaction of its own, then decides on it. When that fails the pair is
/// handed back.
async fn accept(inbox: &Inbox, visit: &Visit, granted: Granted) -> Result<(), StoreError> {
    let pair = Pair {
        id: keep(inbox, &visit.nonce, &granted).await?,
        orcid: granted.orcid,
    };
    let (deciding, visit_of_pair) = (visit.clone(), visit.nonce.clone());
    let context = invitation::Joining {
        clock: inbox.store.clock().clone(),
        orcid_prefix: inbox.orcid_prefix.clone(),
    };
    let decided = inbox
        .store
        .write(move |c| decide(c, &deciding, &pair, &context))
        .await;
    let error = match decided {
        Ok(objected) => {
            if let Some(objected) = objected {
                inbox.alarm(objected);
            }
            return Ok(());
        }
        Err(error) => error,
    };
    tracing::error!(%error, "a permission cannot be used, and is handed back");
    let clock = inbox.store.clock().clone();
    let hand_back = move |c: &mut Conn| {
        grants::release(c, &visit_of_pair, clock.now())?;
        visits::settle(c, &visit_of_pair, State::HandedBack, Some(&pair.orcid)).map(drop)
    };
    inbox.store.write(hand_back).await
}

/// Keeps a pair for its visit to decide on.
async fn keep(inbox: &Inbox, nonce: &str, granted: &Granted) -> Result<Id, StoreError> {
    let (nonce, keys) = (nonce.to_owned(), inbox.store.keys().clone());
    let clock = inbox.store.clock().clone();
    let pair = grant::pair(granted, clock.now());
    let keep = move |c: &mut Conn| grants::keep(c, &keys, &pair, &nonce, clock.now());
    inbox.store.write(keep).await
}

/// A pair that is kept and not decided on yet.
#[derive(Clone, Copy)]
struct Pair {
    id: Id,
    /// Who gave it.
    orcid: OrcidId,
}

/// Does what the person came for, and uses the pair or leaves it to be revoked. Gives the objection to a
/// service point, if they came for that.
fn decide(
    c: &mut Conn,
    visit: &Visit,
    pair: &Pair,
    context: &invitation::Joining,
) -> Result<Option<Objected>, StoreError> {
    let now = context.clock.now();
    let mut objected = None;
    let to = match visit.purpose {
        Purpose::Permission => {
            let is_asked = visit.subject == pair.orcid.to_string();
            used(c, pair, is_asked.then_some(Covers::All), now)?
        }
        Purpose::Invitation => {
            let joined = invitation::join(c, &visit.subject, pair.orcid, context)?;
            used(c, pair, joined.as_ref().map(Covers::One), now)?
        }
        Purpose::Refusal if visit.subject == pair.orcid.to_string() => {
            grant::denied(c, &pair.orcid, now)?;
            State::Confirmed
        }
        Purpose::NotMe => {
            let (to, said) = not_me::confirm(c, &visit.subject, &pair.orcid, now)?;
            objected = said;
            to
        }
        Purpose::PartOf => part_of::confirm(c, &visit.subject, &pair.orcid, now)?,
        Purpose::StopServicePoint => {
            let (to, said) = service_point::stop_for(c, &visit.subject, &pair.orcid, now)?;
            objected = said;
            to
        }
        Purpose::AllowServicePoint => {
            service_point::allow_for(c, &visit.subject, &pair.orcid, now)?
        }
        Purpose::Refusal => State::OtherPerson,
    };
    grants::release(c, &visit.nonce, now)?;
    if visits::settle(c, &visit.nonce, to, Some(&pair.orcid))? {
        Ok(objected)
    } else {
        // It was taken for lost meanwhile: the pair is revoked already, perhaps.
        Err(StoreError::NotFound)
    }
}

/// Uses the pair for what it `covers`; without that it is somebody else's.
fn used(
    c: &mut Conn,
    pair: &Pair,
    covers: Option<Covers<'_>>,
    now: Timestamp,
) -> Result<State, StoreError> {
    match covers {
        Some(covers) => {
            grant::granted(c, pair.id, &pair.orcid, covers, now)?;
            Ok(State::Granted)
        }
        None => Ok(State::OtherPerson),
    }
}
