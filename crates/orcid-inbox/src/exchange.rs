//! The exchange of a code for tokens, and another one at the press of a button.

use crate::grant;
use crate::invitation;
use crate::pressed;
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, Signed, fail, is_same_browser, load, to_result};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use orcid_client::{AuthorizationCode, ExchangeError, Granted};
use store::StoreError;
use store::permissions::Covers;
use store::visits::{self, Purpose, State, Visit};

/// Exchanges the code that the person came back with, once: ORCID disables the tokens of a code
/// that it sees twice.
pub(crate) async fn first(
    inbox: &web::Data<Inbox>,
    visit: &Visit,
    code: AuthorizationCode,
) -> Result<(), StoreError> {
    let nonce = visit.nonce.clone();
    let first = inbox
        .store
        .write(move |c| visits::change(c, &nonce, State::Open, State::Exchanging, None))
        .await?;
    if first {
        exchange(inbox, visit, code).await?;
    }
    Ok(())
}

/// Exchanges a code that was kept since ORCID has not used it. The button is on the result page; it
/// counts in the browser that the visit began in.
pub(crate) async fn retry(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    let now = inbox.store.clock().now();
    if !pressed::on_our_page(&inbox, &request, &form.i) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    let nonce = match inbox.signer.verify(&form.i, now) {
        Ok(Link::Visit { nonce }) => nonce,
        Ok(_) => return inbox.bad_link(LinkError::Invalid),
        Err(e) => return inbox.bad_link(e),
    };
    if !is_same_browser(&inbox, &request, &nonce) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    let visit = match load(&inbox, &nonce).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return inbox.bad_link(LinkError::Expired),
        Err(e) => return inbox.trouble(&e),
    };
    match again(&inbox, &visit).await {
        Ok(()) => to_result(&inbox, &nonce),
        Err(e) => inbox.trouble(&e),
    }
}

async fn again(inbox: &web::Data<Inbox>, visit: &Visit) -> Result<(), StoreError> {
    let (nonce, clock) = (visit.nonce.clone(), inbox.store.clock().clone());
    let kept = inbox
        .store
        .write(move |c| visits::take_code(c, &nonce, clock.now()))
        .await?;
    // A second press: the first one's exchange counts.
    let Some(sealed) = kept else {
        return Ok(());
    };
    match inbox.store.keys().open(&visit.nonce, &sealed) {
        Ok(code) => exchange(inbox, visit, AuthorizationCode::new(code)).await,
        Err(error) => {
            tracing::error!(%error, "a kept code cannot be opened");
            fail(inbox, visit, State::Exchanging).await
        }
    }
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
            Err(error) => give_up(&inbox, &visit, error).await,
        }
    };
    rt::spawn(exchange)
        .await
        .map_err(|_| StoreError::Panicked)?
}

async fn give_up(inbox: &Inbox, visit: &Visit, error: ExchangeError) -> Result<(), StoreError> {
    tracing::warn!(%error, "a code gave no tokens");
    let ExchangeError::NotUsed { code, .. } = error else {
        return fail(inbox, visit, State::Exchanging).await;
    };
    let sealed = inbox
        .store
        .keys()
        .seal(&visit.nonce, code.expose_secret())?;
    let nonce = visit.nonce.clone();
    inbox
        .store
        .write(move |c| visits::keep_code(c, &nonce, &sealed))
        .await
}

async fn accept(inbox: &Inbox, visit: &Visit, granted: Granted) -> Result<(), StoreError> {
    let (visit, keys) = (visit.clone(), inbox.store.keys().clone());
    let context = invitation::Joining {
        clock: inbox.store.clock().clone(),
        orcid_prefix: inbox.orcid_prefix.clone(),
    };
    inbox
        .store
        .write(move |c| {
            let now = context.clock.now();
            let to = match visit.purpose {
                Purpose::Permission if visit.subject == granted.orcid.to_string() => {
                    grant::granted(c, &keys, &granted, Covers::All, now)?;
                    State::Granted
                }
                Purpose::Permission => {
                    grant::granted_by_another(c, &keys, &granted, now)?;
                    State::OtherPerson
                }
                Purpose::Invitation => {
                    let joined = invitation::join(c, &visit.subject, granted.orcid, &context)?;
                    if let Some(handle) = joined {
                        let covers = Covers::One(&handle);
                        grant::granted(c, &keys, &granted, covers, now)?;
                        State::Granted
                    } else {
                        grant::granted_by_another(c, &keys, &granted, now)?;
                        State::OtherPerson
                    }
                }
            };
            visits::change(c, &visit.nonce, State::Exchanging, to, Some(&granted.orcid)).map(drop)
        })
        .await
}
