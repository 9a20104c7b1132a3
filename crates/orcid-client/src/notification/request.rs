//! What we ask a person for, checked before it can be sent.

use raid_model::Handle;
use url::Url;

use crate::xml::one_line;

/// The longest introduction, in characters (ORCID's notification schema 3.0).
const INTRO_LIMIT: usize = 1000;
/// The longest item name, in characters (same schema).
const ITEM_NAME_LIMIT: usize = 1000;
/// The longest item URL, in characters; ORCID answers a longer one with a 500.
const ITEM_URL_LIMIT: usize = 255;

/// A permission request that ORCID accepts and shows as meant.
///
/// All texts are on one line, without control characters and without `::`: ORCID's inbox takes an
/// introduction with `::` for another kind of notice and hides the button that grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionRequest {
    subject: String,
    intro: String,
    authorization_url: Url,
    items: Vec<Item>,
}

/// One project in a permission request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    name: String,
    handle: Handle,
    url: String,
}

/// Why a request cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionRequestError {
    /// A text has nothing to read in it.
    #[error("the {0} of a permission request must not be blank")]
    Blank(&'static str),
    /// The introduction is too long.
    #[error("the introduction has {0} characters; ORCID takes 1000")]
    IntroTooLong(usize),
    /// An item's URL is too long.
    #[error("a project's URL has {0} characters; ORCID takes 255")]
    ItemUrlTooLong(usize),
    /// No project is named.
    #[error("a permission request names at least one project")]
    NoItems,
    /// ORCID adds `&orcid=…` to the link of its e-mail, so the URL needs a query and no fragment.
    #[error("the authorization URL must have a query and no fragment")]
    AuthorizationUrl,
}

impl PermissionRequest {
    /// Checks and cleans a request. The subject should be short: it is the title in the inbox.
    pub fn new(
        subject: &str,
        intro: &str,
        authorization_url: Url,
        items: Vec<Item>,
    ) -> Result<Self, PermissionRequestError> {
        let subject = readable(subject, "subject")?;
        let intro = readable(intro, "introduction")?;
        let length = intro.chars().count();
        if length > INTRO_LIMIT {
            return Err(PermissionRequestError::IntroTooLong(length));
        }
        let has_query = authorization_url
            .query()
            .is_some_and(|query| !query.is_empty());
        if !has_query || authorization_url.fragment().is_some() {
            return Err(PermissionRequestError::AuthorizationUrl);
        }
        if items.is_empty() {
            return Err(PermissionRequestError::NoItems);
        }
        Ok(Self {
            subject,
            intro,
            authorization_url,
            items,
        })
    }

    /// The title in the inbox.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text in the inbox.
    pub fn intro(&self) -> &str {
        &self.intro
    }

    /// Where the person goes to grant.
    pub fn authorization_url(&self) -> &Url {
        &self.authorization_url
    }

    /// The projects.
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}

impl Item {
    /// A project by name and handle; `url` is where the handle resolves. A name beyond 1000
    /// characters is cut.
    pub fn new(name: &str, handle: Handle, url: &str) -> Result<Self, PermissionRequestError> {
        let mut name = readable(name, "project name")?;
        if let Some((cut, _)) = name.char_indices().nth(ITEM_NAME_LIMIT) {
            // One character less, to make room for the sign that something is missing.
            let last = name[..cut]
                .char_indices()
                .next_back()
                .map_or(0, |(last, _)| last);
            name.truncate(last);
            name.push('…');
        }
        let url = one_line(url);
        let length = url.chars().count();
        if length > ITEM_URL_LIMIT {
            return Err(PermissionRequestError::ItemUrlTooLong(length));
        }
        Ok(Self { name, handle, url })
    }

    /// What the project is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The project's RAiD.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Where the RAiD resolves.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// `text` on one line, with every run of colons reduced to one.
fn readable(text: &str, what: &'static str) -> Result<String, PermissionRequestError> {
    let mut clean = one_line(text);
    clean = clean
        .chars()
        .fold(String::with_capacity(clean.len()), |mut clean, c| {
            if !(c == ':' && clean.ends_with(':')) {
                clean.push(c);
            }
            clean
        });
    if clean.is_empty() {
        Err(PermissionRequestError::Blank(what))
    } else {
        Ok(clean)
    }
}
