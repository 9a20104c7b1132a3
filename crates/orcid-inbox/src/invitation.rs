//! Invitations by e-mail: the page that the mail leads to, and joining the RAiD.

use crate::pages::{Invitation, Project, ResultPage, authorize_action, page};
use crate::pressed;
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, Signed};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::vocabulary::SchemaUri;
use raid_model::{Contributor, Handle, OrcidId, Raid};
use store::invitations::{self, InvitationRow, State};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::visits::{self, Visit};
use store::{Clock, Conn, Id, StoreError, disclaimers, inviters, namings};
use time::Date;

/// Tries to write the next version while others write too.
const MAX_TRIES: usize = 5;

/// The heading for who comes with an invitation that was cancelled.
const CANCELLED: &str = "This invitation was withdrawn by the project";
/// The heading for who comes with one whose sender may not invite any more.
const INVITER_GONE: &str = "This invitation does not count any more";

/// The heading for who comes back from ORCID to a project that was withdrawn meanwhile.
const WITHDRAWN: &str = "This project was withdrawn";

/// What joining needs.
pub(crate) struct Joining {
    pub clock: Clock,
    /// `https://orcid.org/`.
    pub orcid_prefix: String,
}

/// An iD's stand-in on the page, before we know who comes: ORCID's example, which nobody has.
const SOMEBODY: &str = "0000-0001-2345-6789";

pub(crate) async fn landing(inbox: web::Data<Inbox>, query: web::Query<Signed>) -> HttpResponse {
    let now = inbox.store.clock().now();
    let id = match inbox.signer.verify(&query.i, now) {
        Ok(Link::Invitation { id }) => id,
        Ok(_) => return inbox.bad_link(LinkError::Invalid),
        Err(e) => return inbox.bad_link(e),
    };
    if let Some(answer) = inbox.come_back_later() {
        return answer;
    }
    let offer = match offered(&inbox, &id).await {
        Ok(offer) => offer,
        Err(answer) => return answer,
    };
    let Project {
        title,
        role,
        dates,
        handle,
        ..
    } = Project::from(&offer.entry);
    let not_public = offer.embargo;
    let shown = Invitation {
        agency: &inbox.settings.agency_name,
        contact: &inbox.settings.contact,
        trusted: inbox.settings.trusted_parties_url.as_str(),
        project: title,
        handle,
        role,
        dates,
        not_written: not_public
            .clone()
            .filter(|_| !inbox.settings.membership.write_embargoed),
        not_public,
        action: authorize_action(&inbox.settings),
        link: &query.i,
    };
    pressed::leave_cookie(&inbox, page(StatusCode::OK, &shown), &query.i)
}

/// What accepting an invitation means; or the page that says why nobody can accept it now. Asked again
/// when the person sets out: they need not give a permission for nothing.
pub(crate) async fn offered(inbox: &Inbox, id: &str) -> Result<Box<Offer>, HttpResponse> {
    let Ok(id) = id.parse::<Id>() else {
        return Err(inbox.bad_link(LinkError::Invalid));
    };
    let now = inbox.store.clock().now();
    let (prefix, policy) = (inbox.orcid_prefix.clone(), inbox.policy());
    let found = inbox
        .store
        .read(move |c| {
            let Some(invitation) = invitations::find(c, id)? else {
                return Ok(None);
            };
            let preview = preview(c, &invitation, &prefix, policy, now.date())?;
            Ok(Some((invitation, preview)))
        })
        .await;
    match found {
        Ok(Some((invitation, _))) if invitation.state == State::Cancelled => {
            let texts = [
                "You did not join, and nothing is recorded. If you think that this is a mistake, \
                 ask whoever invited you.",
            ];
            Err(gone(inbox, CANCELLED, &texts))
        }
        // Of such a project the page tells nothing: it may be embargoed.
        Ok(Some((invitation, Preview::InviterGone))) if invitation.accepted_by.is_none() => {
            let texts = [
                "Whoever sent it may not invite people to this project now. You did not join, and \
                 nothing is recorded.",
                "If you think that this is a mistake, ask whoever invited you for a new invitation.",
            ];
            Err(gone(inbox, INVITER_GONE, &texts))
        }
        Ok(Some((invitation, Preview::Of(offer))))
            if invitation.accepted_by.is_none() && invitation.expires_at > now =>
        {
            Ok(offer)
        }
        Ok(_) => {
            let texts = ["It was accepted already, or its time is over."];
            Err(gone(
                inbox,
                "This invitation cannot be used any more",
                &texts,
            ))
        }
        Err(e) => Err(inbox.trouble(&e)),
    }
}

/// The page of an invitation that nobody can accept.
fn gone(inbox: &Inbox, heading: &str, texts: &[&str]) -> HttpResponse {
    page(
        StatusCode::GONE,
        &ResultPage::new(&inbox.settings, heading, texts),
    )
}

/// What the page may show of the project.
enum Preview {
    /// What accepting means.
    Of(Box<Offer>),
    /// Nothing: the inviter may not invite any more.
    InviterGone,
    /// Nothing: there is no entry that could be made.
    Nothing,
}

/// What the invited person sees before they accept.
pub(crate) struct Offer {
    /// The entry as it would be on their ORCID record.
    entry: MembershipDocument,
    /// As [`embargo`] writes it.
    embargo: Option<String>,
}

fn preview(
    c: &mut Conn,
    invitation: &InvitationRow,
    orcid_prefix: &str,
    policy: MembershipPolicy,
    today: Date,
) -> Result<Preview, StoreError> {
    let Some(row) = raids::find_standing(c, invitation.handle.get())? else {
        return Ok(Preview::Nothing);
    };
    if !inviters::may_still_invite(c, invitation, &row)? {
        return Ok(Preview::InviterGone);
    }
    let somebody: OrcidId = SOMEBODY
        .parse()
        .map_err(|_| StoreError::Corrupt("the example iD".into()))?;
    let raid = with_contributor(&parse(&row.document.0)?, invitation, somebody, orcid_prefix)?;
    // The person who is invited may see what they are invited to, embargoed or not.
    let policy = MembershipPolicy {
        write_embargoed: true,
        ..policy
    };
    let entry = MembershipDocument::for_contributor(&raid, &somebody, &policy, today);
    Ok(entry.map_or(Preview::Nothing, |entry| {
        Preview::Of(Box::new(Offer {
            entry,
            embargo: embargo(&raid),
        }))
    }))
}

/// Until when a RAiD is embargoed, as the second half of a sentence; none if it is open.
fn embargo(raid: &Raid) -> Option<String> {
    let access = Some(&raid.access).filter(|access| access.is_embargoed())?;
    Some(access.embargo_expiry.map_or_else(
        || "until the embargo ends".to_owned(),
        |day| format!("until the embargo ends on {day}"),
    ))
}

/// Puts onto the result page what is particular to this invitation.
pub(crate) async fn explain<'a>(
    inbox: &'a Inbox,
    visit: &Visit,
    mut page: ResultPage<'a>,
) -> Result<ResultPage<'a>, StoreError> {
    let Ok(id) = visit.subject.parse::<Id>() else {
        return Ok(page);
    };
    let load = move |c: &mut Conn| {
        let Some(invitation) = invitations::find(c, id)? else {
            return Ok((None, false, None, true));
        };
        let state = Some(invitation.state);
        let Some(row) = raids::find_standing(c, invitation.handle.get())? else {
            return Ok((state, false, None, true));
        };
        let counts = inviters::may_still_invite(c, &invitation, &row)?;
        Ok((state, true, embargo(&parse(&row.document.0)?), counts))
    };
    let (state, stands, embargo, counts) = inbox.store.read(load).await?;
    let not_joined = matches!(
        visit.state,
        visits::State::OtherPerson | visits::State::HandedBack
    );
    match (visit.state, embargo) {
        _ if not_joined && (state == Some(State::Cancelled) || !stands) => {
            page.heading = String::from(if stands { CANCELLED } else { WITHDRAWN });
            page.texts = vec![
                "You did not join, and the permission just given is handed back. If you think that \
                 this is a mistake, ask whoever invited you."
                    .to_owned(),
            ];
        }
        (visits::State::OtherPerson, _) if state != Some(State::Accepted) && !counts => {
            page.heading = String::from(INVITER_GONE);
            page.texts = vec![
                "Whoever sent it may not invite people to this project now. You did not join, and \
                 the permission just given is handed back."
                    .to_owned(),
            ];
        }
        (visits::State::Granted, Some(until)) if inbox.settings.membership.write_embargoed => {
            page.texts
                .push(format!("The project's own record is not public {until}."));
        }
        (visits::State::Granted, Some(until)) => {
            page.heading = String::from("Thank you: you joined the project");
            page.texts = vec![
                format!(
                    "Its record is not public {until}, and nothing about it is written to your \
                     ORCID record before that. Then it appears there, and follows later changes."
                ),
                "This also covers your other projects, now and later.".to_owned(),
            ];
        }
        _ => {}
    }
    Ok(page)
}

fn parse(document: &str) -> Result<Raid, StoreError> {
    serde_json::from_str(document).map_err(|e| StoreError::Corrupt(format!("RAiD: {e}")))
}

/// The RAiD with the person as a contributor, in the invitation's position and roles; who is one
/// already has these, too.
fn with_contributor(
    raid: &Raid,
    invitation: &InvitationRow,
    orcid: OrcidId,
    orcid_prefix: &str,
) -> Result<Raid, StoreError> {
    let invited: Contributor = serde_json::from_str(&invitation.contribution.0)
        .map_err(|e| StoreError::Corrupt(format!("invitation {}: {e}", invitation.id)))?;
    let mut raid = raid.clone();
    let known = raid
        .contributor
        .iter_mut()
        .find(|known| known.orcid() == Some(orcid));
    match known {
        Some(known) => *known = known.joined_by(&invited),
        None => raid.contributor.push(Contributor {
            id: Some(orcid.url(orcid_prefix)),
            schema_uri: SchemaUri::new(orcid_prefix),
            ..invited
        }),
    }
    Ok(raid)
}

/// The person who signed in joins the RAiD as a contributor, or gets the accepted position and
/// roles as well, in a new version. Gives the RAiD if the invitation is theirs: it is for one person,
/// who may come back with it.
pub(crate) fn join(
    c: &mut Conn,
    id: &str,
    orcid: OrcidId,
    context: &Joining,
) -> Result<Option<Handle>, StoreError> {
    let Ok(id) = id.parse::<Id>() else {
        return Ok(None);
    };
    let Some(invitation) = invitations::find(c, id)? else {
        return Ok(None);
    };
    let handle = invitation.handle.get().clone();
    if invitation
        .accepted_by
        .as_ref()
        .is_some_and(|o| *o.get() == orcid)
    {
        return Ok(Some(handle));
    }
    let now = context.clock.now();
    let Some(row) = raids::find_standing(c, &handle)? else {
        return Ok(None);
    };
    let is_usable = invitation.expires_at > now
        && inviters::may_still_invite(c, &invitation, &row)?
        && invitations::accept(c, id, &orcid)?;
    if !is_usable {
        return Ok(None);
    }
    disclaimers::take_back(c, &orcid, &handle)?;
    for attempt in 1..=MAX_TRIES {
        let row = raids::find_standing(c, &handle)?.ok_or(StoreError::NotFound)?;
        let raid = parse(&row.document.0)?;
        let joined = with_contributor(&raid, &invitation, orcid, &context.orcid_prefix)?;
        if joined == raid {
            namings::welcome(c, &orcid, &handle, now)?;
            return Ok(Some(handle));
        }
        let next = joined.next_version(now.assume_utc());
        let actor = Actor::system(format!("invitation {id}"));
        let write = RaidWrite::of(&next, actor, now, now, Lane::Interactive)?;
        match raids::amend(c, &write) {
            Err(StoreError::StaleVersion { .. }) if attempt < MAX_TRIES => {}
            other => {
                other?;
                namings::welcome(c, &orcid, &handle, now)?;
                return Ok(Some(handle));
            }
        }
    }
    Ok(Some(handle))
}
