//! ORCID's protocol: OAuth, permission notifications and memberships in XML, and what each error means.
