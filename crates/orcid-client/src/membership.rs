//! Memberships: a person's projects on their ORCID record (ORCID API v3.0, affiliations).

mod document;
mod listed;

pub use listed::{ExternalId, ListedMembership, our_entry};

use raid_model::membership::MembershipDocument;
use raid_model::{Handle, OrcidId};
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;

use crate::call::{CallError, CallKind};
use crate::client::{Client, with_xml};
use crate::client_token::Scope;
use crate::meaning::Meaning;
use crate::put_code::PutCode;
use crate::transport::{Answer, Unreadable};

/// With whose token memberships are read.
#[derive(Debug, Clone, Copy)]
pub enum ReadAs<'a> {
    /// The person's.
    Person(&'a SecretString),
    /// Our own. Shows public items and all of ours, also after the person revoked us.
    Client,
}

/// How a removal ended. Each way, the entry is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It was removed.
    Now,
    /// It was not there any more (404, code 9016).
    Before,
}

impl Client {
    /// Adds a membership to a person's record, with the person's `token`.
    ///
    /// After an unknown outcome, look with [`Client::memberships`] and [`our_entry`], or repeat and
    /// adopt the put-code of [`Meaning::Duplicate`].
    pub async fn create_membership(
        &self,
        orcid: OrcidId,
        token: &SecretString,
        document: &MembershipDocument,
    ) -> Result<PutCode, CallError> {
        let request = self.api(Method::POST, orcid, &["membership"], token);
        let request = with_xml(request, document::write(document, None));
        self.write(
            CallKind::CreateMembership,
            orcid,
            &document.handle,
            token,
            request,
            |answer| {
                answer
                    .created()?
                    .parse()
                    .map_err(|_| Unreadable("no put-code in Location"))
            },
        )
        .await
    }

    /// Reads one membership.
    pub async fn membership(
        &self,
        orcid: OrcidId,
        read_as: ReadAs<'_>,
        put_code: PutCode,
    ) -> Result<ListedMembership, CallError> {
        let put_code = put_code.to_string();
        let path = ["membership", put_code.as_str()];
        self.read(CallKind::ReadMembership, orcid, read_as, &path, |answer| {
            listed::read_one(&answer.xml()?)
        })
        .await
    }

    /// Replaces a membership as a whole: what `document` leaves out is cleared.
    pub async fn update_membership(
        &self,
        orcid: OrcidId,
        token: &SecretString,
        put_code: PutCode,
        document: &MembershipDocument,
    ) -> Result<(), CallError> {
        let path = put_code.to_string();
        let request = self.api(Method::PUT, orcid, &["membership", &path], token);
        let request = with_xml(request, document::write(document, Some(put_code)));
        // The body repeats the item; the status says all.
        self.write(
            CallKind::UpdateMembership,
            orcid,
            &document.handle,
            token,
            request,
            |_| Ok(()),
        )
        .await
    }

    /// Removes a membership, which is about the RAiD `handle`. Works with a token that the person
    /// revoked, too.
    pub async fn delete_membership(
        &self,
        orcid: OrcidId,
        token: &SecretString,
        handle: &Handle,
        put_code: PutCode,
    ) -> Result<Deleted, CallError> {
        let path = put_code.to_string();
        let request = self.api(Method::DELETE, orcid, &["membership", &path], token);
        let result = self
            .write(
                CallKind::DeleteMembership,
                orcid,
                handle,
                token,
                request,
                |_| Ok(()),
            )
            .await;
        match result {
            Ok(()) => Ok(Deleted::Now),
            Err(error) if error.meaning == Meaning::Gone => Ok(Deleted::Before),
            Err(error) => Err(error),
        }
    }

    /// Reads all memberships of a person that the token may see, of every source.
    pub async fn memberships(
        &self,
        orcid: OrcidId,
        read_as: ReadAs<'_>,
    ) -> Result<Vec<ListedMembership>, CallError> {
        self.read(
            CallKind::ListMemberships,
            orcid,
            read_as,
            &["memberships"],
            |answer| listed::read_list(&answer.xml()?),
        )
        .await
    }

    async fn write<T>(
        &self,
        kind: CallKind,
        orcid: OrcidId,
        handle: &Handle,
        token: &SecretString,
        request: RequestBuilder,
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        self.call_about(kind, orcid, Some(handle), token, request, accept)
            .await
    }

    async fn read<T>(
        &self,
        kind: CallKind,
        orcid: OrcidId,
        read_as: ReadAs<'_>,
        path: &[&str],
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        let build = |token: &SecretString| self.api(Method::GET, orcid, path, token);
        match read_as {
            ReadAs::Person(token) => {
                self.call_with(kind, orcid, token, build(token), accept)
                    .await
            }
            ReadAs::Client => {
                self.call_as_client(Scope::ReadPublic, kind, orcid, build, accept)
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests;
