//! Invitations by e-mail: the page that the mail leads to, and joining the RAiD.

use crate::pages::{Invitation, Project, ResultPage, authorize_action, page};
use crate::pressed;
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, Signed};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::vocabulary::SchemaUri;
use raid_model::{Contributor, OrcidId, Raid};
use store::invitations::{self, InvitationRow};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::{Clock, Conn, Id, StoreError};
use time::Date;

/// Tries to write the next version while others write too.
const MAX_TRIES: usize = 5;

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
    let Ok(id) = id.parse::<Id>() else {
        return inbox.bad_link(LinkError::Invalid);
    };
    if let Some(answer) = inbox.come_back_later() {
        return answer;
    }
    let prefix = inbox.orcid_prefix.clone();
    let found = inbox
        .store
        .read(move |c| {
            let Some(invitation) = invitations::find(c, id)? else {
                return Ok(None);
            };
            let project = preview(c, &invitation, &prefix, now.date())?;
            Ok(Some((invitation, project)))
        })
        .await;
    match found {
        Ok(Some((invitation, Some(project))))
            if invitation.accepted_by.is_none() && invitation.expires_at > now =>
        {
            let Project {
                title,
                role,
                dates,
                handle,
            } = Project::from(&project);
            let shown = Invitation {
                agency: &inbox.settings.agency_name,
                contact: &inbox.settings.contact,
                trusted: inbox.settings.trusted_parties_url.as_str(),
                project: title,
                handle,
                role,
                dates,
                action: authorize_action(&inbox.settings),
                link: &query.i,
            };
            pressed::leave_cookie(&inbox, page(StatusCode::OK, &shown), &query.i)
        }
        Ok(_) => {
            let texts = ["It was accepted already, or its time is over."];
            let heading = "This invitation cannot be used any more";
            page(
                StatusCode::GONE,
                &ResultPage::new(&inbox.settings, heading, &texts),
            )
        }
        Err(e) => inbox.trouble(&e),
    }
}

/// What would stand on the person's record.
fn preview(
    c: &mut Conn,
    invitation: &InvitationRow,
    orcid_prefix: &str,
    today: Date,
) -> Result<Option<MembershipDocument>, StoreError> {
    let Some(row) = raids::find_standing(c, invitation.handle.get())? else {
        return Ok(None);
    };
    let somebody: OrcidId = SOMEBODY
        .parse()
        .map_err(|_| StoreError::Corrupt("the example iD".into()))?;
    let raid = with_contributor(&parse(&row.document.0)?, invitation, somebody, orcid_prefix)?;
    // The person who is invited may see what they are invited to, embargoed or not.
    let policy = MembershipPolicy {
        write_embargoed: true,
    };
    Ok(MembershipDocument::for_contributor(
        &raid, &somebody, policy, today,
    ))
}

fn parse(document: &str) -> Result<Raid, StoreError> {
    serde_json::from_str(document).map_err(|e| StoreError::Corrupt(format!("RAiD: {e}")))
}

fn with_contributor(
    raid: &Raid,
    invitation: &InvitationRow,
    orcid: OrcidId,
    orcid_prefix: &str,
) -> Result<Raid, StoreError> {
    let invited: Contributor = serde_json::from_str(&invitation.contribution.0)
        .map_err(|e| StoreError::Corrupt(format!("invitation {}: {e}", invitation.id)))?;
    let person = Contributor {
        id: Some(orcid.url(orcid_prefix)),
        schema_uri: SchemaUri::new(orcid_prefix),
        ..invited
    };
    let mut raid = raid.clone();
    raid.contributor
        .retain(|known| known.orcid() != Some(orcid));
    raid.contributor.push(person);
    Ok(raid)
}

/// The person who signed in joins the RAiD as a contributor, in a new version. Says whether the
/// invitation is theirs: it is for one person, who may come back with it.
pub(crate) fn join(
    c: &mut Conn,
    id: &str,
    orcid: OrcidId,
    context: &Joining,
) -> Result<bool, StoreError> {
    let Ok(id) = id.parse::<Id>() else {
        return Ok(false);
    };
    let Some(invitation) = invitations::find(c, id)? else {
        return Ok(false);
    };
    if invitation
        .accepted_by
        .as_ref()
        .is_some_and(|o| *o.get() == orcid)
    {
        return Ok(true);
    }
    let now = context.clock.now();
    if invitation.expires_at <= now || !invitations::accept(c, id, &orcid)? {
        return Ok(false);
    }
    for attempt in 1..=MAX_TRIES {
        let row = raids::find_standing(c, invitation.handle.get())?.ok_or(StoreError::NotFound)?;
        let raid = parse(&row.document.0)?;
        if raid.contributor(&orcid).is_some() {
            return Ok(true);
        }
        let next = with_contributor(&raid, &invitation, orcid, &context.orcid_prefix)?
            .next_version(now.assume_utc());
        let actor = Actor {
            subject: format!("invitation {id}"),
            client: None,
        };
        let write = RaidWrite::of(&next, actor, now, now, Lane::Interactive)?;
        match raids::amend(c, &write) {
            Err(StoreError::StaleVersion { .. }) if attempt < MAX_TRIES => {}
            other => return other.map(|()| true),
        }
    }
    Ok(true)
}
