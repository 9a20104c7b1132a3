//! A local ORCID for the demo and the tests: OAuth, inbox, record pages, member API, operator switches.
