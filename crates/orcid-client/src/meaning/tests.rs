use proptest::prelude::*;

use super::*;
use crate::call::CallKind::{
    ArchiveNotification, ClientToken, CreateMembership, CreateNotification, DeleteMembership,
    ExchangeCode, ListMemberships, ReadMembership, ReadNotification, RecordStatus, Revoke,
    UpdateMembership,
};

fn signal(kind: CallKind, status: u16) -> Signal<'static> {
    Signal {
        kind,
        orcid: None,
        status,
        code: None,
        oauth_error: None,
        message: "",
        location: None,
    }
}

fn api(kind: CallKind, status: u16, code: u16) -> Meaning {
    Signal {
        code: Some(code),
        ..signal(kind, status)
    }
    .meaning()
}

fn oauth(kind: CallKind, status: u16, error: &'static str) -> Meaning {
    Signal {
        oauth_error: Some(error),
        ..signal(kind, status)
    }
    .meaning()
}

fn ours(code: u16) -> Meaning {
    Meaning::OurDocument { code: Some(code) }
}

#[test]
fn catalogue_of_codes() {
    let deprecated = Meaning::RecordDeprecated { primary: None };
    let rows = [
        (CreateMembership, 400, 9001, ours(9001)),
        (ReadNotification, 404, 9001, ours(9001)),
        (UpdateMembership, 405, 9001, ours(9001)),
        (UpdateMembership, 406, 9001, ours(9001)),
        (UpdateMembership, 415, 9001, ours(9001)),
        (CreateMembership, 401, 9002, Meaning::TokenRefused),
        (CreateNotification, 403, 9004, Meaning::ScopeMissing),
        (ReadNotification, 403, 9004, Meaning::NotOurs),
        (CreateMembership, 403, 9005, Meaning::Misconfigured),
        (CreateNotification, 400, 9006, ours(9006)),
        (RecordStatus, 301, 9007, deprecated.clone()),
        (CreateMembership, 409, 9007, deprecated),
        (UpdateMembership, 500, 9008, Meaning::Transient),
        (ArchiveNotification, 403, 9009, Meaning::AlreadyRead),
        (UpdateMembership, 403, 9010, Meaning::NotOurs),
        (RecordStatus, 404, 9011, Meaning::RecordUnknown),
        (CreateMembership, 400, 9012, ours(9012)),
        (ReadMembership, 403, 9013, Meaning::NotOurs),
        (ReadMembership, 403, 9014, Meaning::NotOurs),
        (ClientToken, 401, 9015, Meaning::ClientRefused),
        (CreateMembership, 401, 9015, Meaning::Misconfigured),
        (ReadMembership, 404, 9016, Meaning::Gone),
        (UpdateMembership, 404, 9016, Meaning::Gone),
        (DeleteMembership, 404, 9016, Meaning::Gone),
        (CreateMembership, 404, 9016, Meaning::RecordUnknown),
        (ListMemberships, 404, 9016, Meaning::RecordUnknown),
        (CreateNotification, 404, 9016, Meaning::RecordUnknown),
        (CreateMembership, 401, 9017, Meaning::WrongRecord),
        (CreateMembership, 409, 9018, Meaning::RecordLocked),
        (UpdateMembership, 400, 9019, ours(9019)),
        (CreateNotification, 400, 9020, ours(9020)),
        (
            CreateMembership,
            409,
            9021,
            Meaning::Duplicate { put_code: None },
        ),
        (CreateMembership, 400, 9022, ours(9022)),
        (CreateNotification, 400, 9023, ours(9023)),
        (CreateMembership, 400, 9024, ours(9024)),
        (RecordStatus, 404, 9027, Meaning::Misconfigured),
        (RecordStatus, 404, 9028, Meaning::Gone),
        (ReadNotification, 404, 9029, Meaning::Gone),
        (ArchiveNotification, 404, 9029, Meaning::Gone),
        (CreateMembership, 409, 9030, ours(9030)),
        (CreateMembership, 409, 9031, ours(9031)),
        (CreateNotification, 409, 9032, Meaning::NotificationsRefused),
        (ReadMembership, 400, 9034, ours(9034)),
        (UpdateMembership, 403, 9035, ours(9035)),
        (CreateNotification, 409, 9036, Meaning::RecordUnclaimed),
        (CreateMembership, 403, 9038, Meaning::ScopeMissing),
        (ReadMembership, 403, 9039, Meaning::NotOurs),
        (DeleteMembership, 409, 9040, ours(9040)),
        (ListMemberships, 400, 9042, ours(9042)),
        (ListMemberships, 400, 9043, ours(9043)),
        (CreateNotification, 409, 9044, Meaning::RecordDeactivated),
        (CreateMembership, 400, 9045, ours(9045)),
        (CreateMembership, 400, 9046, ours(9046)),
        (CreateMembership, 400, 9047, ours(9047)),
        (CreateMembership, 409, 9048, ours(9048)),
        (CreateMembership, 400, 9049, ours(9049)),
        (CreateMembership, 400, 9050, ours(9050)),
        (CreateMembership, 400, 9051, ours(9051)),
        (CreateMembership, 403, 9052, Meaning::Misconfigured),
        (CreateMembership, 400, 9055, ours(9055)),
        (RecordStatus, 308, 9056, Meaning::Misconfigured),
        (CreateMembership, 409, 9057, Meaning::ClientDisabled),
        (CreateMembership, 400, 9060, ours(9060)),
        (CreateMembership, 400, 9061, ours(9061)),
        (CreateMembership, 400, 9062, ours(9062)),
    ];
    for (kind, status, code, meaning) in rows {
        assert_eq!(api(kind, status, code), meaning, "{kind} {status} {code}");
    }
}

#[test]
fn catalogue_of_oauth_errors() {
    let rows = [
        (
            CreateMembership,
            401,
            "invalid_token",
            Meaning::TokenRefused,
        ),
        (
            CreateMembership,
            400,
            "invalid_token",
            Meaning::TokenRefused,
        ),
        (CreateMembership, 403, "forbidden", Meaning::Misconfigured),
        (
            CreateMembership,
            403,
            "insufficient_scope",
            Meaning::ScopeMissing,
        ),
        (ClientToken, 400, "invalid_scope", Meaning::Misconfigured),
        (ClientToken, 401, "invalid_scope", Meaning::Misconfigured),
        (
            ClientToken,
            400,
            "unsupported_grant_type",
            Meaning::Misconfigured,
        ),
        (
            ClientToken,
            400,
            "unauthorized_client",
            Meaning::ClientDisabled,
        ),
        (ClientToken, 401, "invalid_client", Meaning::ClientRefused),
        (ClientToken, 401, "server_error", Meaning::ClientRefused),
        (ExchangeCode, 400, "invalid_grant", Meaning::CodeRefused),
        (ExchangeCode, 400, "invalid_request", Meaning::CodeRefused),
        (ExchangeCode, 401, "invalid_grant", Meaning::CodeRefused),
        (
            ExchangeCode,
            400,
            "unauthorized_client",
            Meaning::TokenDenied,
        ),
        (
            ExchangeCode,
            401,
            "unauthorized_client",
            Meaning::TokenDenied,
        ),
        (ExchangeCode, 400, "invalid_client", Meaning::ClientRefused),
        (ExchangeCode, 401, "invalid_client", Meaning::ClientRefused),
        (ExchangeCode, 500, "server_error", Meaning::Transient),
        (Revoke, 401, "invalid_client", Meaning::ClientRefused),
        (Revoke, 500, "server_error", Meaning::Transient),
    ];
    for (kind, status, error, meaning) in rows {
        assert_eq!(
            oauth(kind, status, error),
            meaning,
            "{kind} {status} {error}"
        );
    }
}

#[test]
fn answers_of_the_edge_carry_no_code() {
    for (kind, status, meaning) in [
        (CreateMembership, 302, Meaning::Misconfigured),
        (CreateMembership, 400, Meaning::OurDocument { code: None }),
        (ExchangeCode, 400, Meaning::CodeRefused),
        (ClientToken, 401, Meaning::ClientRefused),
        (CreateMembership, 403, Meaning::Unexpected),
        (UpdateMembership, 404, Meaning::Unexpected),
        (DeleteMembership, 404, Meaning::Unexpected),
        (CreateMembership, 429, Meaning::Overloaded),
        (CreateMembership, 502, Meaning::Transient),
        (CreateMembership, 503, Meaning::Overloaded),
        (CreateMembership, 504, Meaning::Transient),
        (CreateMembership, 522, Meaning::Transient),
    ] {
        assert_eq!(signal(kind, status).meaning(), meaning, "{kind} {status}");
    }
}

#[test]
fn duplicate_names_the_put_code() {
    let read = |message| {
        Signal {
            code: Some(9021),
            message,
            ..signal(CreateMembership, 409)
        }
        .meaning()
    };
    let number = |n: i64| Meaning::Duplicate {
        put_code: Some(n.try_into().unwrap()),
    };
    assert_eq!(
        read(
            "409 Conflict: You have already added this activity (matched by external identifiers), \
             please see element with put-code 4711. If you are trying to edit the item, please use \
             PUT instead of POST."
        ),
        number(4711)
    );
    assert_eq!(read("a put-code is missing; see put-code 12"), number(12));
    assert_eq!(
        read("put-code 99999999999999999999"),
        Meaning::Duplicate { put_code: None }
    );
    assert_eq!(read("no number"), Meaning::Duplicate { put_code: None });
}

#[test]
fn deprecated_names_the_primary_record() {
    let own: OrcidId = "0000-0001-5109-3700".parse().unwrap();
    let primary: OrcidId = "0000-0002-1825-0097".parse().unwrap();
    let base = Signal {
        orcid: Some(own),
        code: Some(9007),
        ..signal(RecordStatus, 301)
    };
    let expected = Meaning::RecordDeprecated {
        primary: Some(primary),
    };
    for location in [
        "https://sandbox.orcid.org/0000-0002-1825-0097",
        "https://api.sandbox.orcid.org/v3.0/0000-0002-1825-0097/person?from=0000-0001-5109-3700",
    ] {
        assert_eq!(
            Signal {
                location: Some(location),
                ..base
            }
            .meaning(),
            expected
        );
    }
    let message = "This account 0000-0001-5109-3700 is deprecated. Please refer to account: \
                   https://orcid.org/0000-0002-1825-0097.";
    assert_eq!(Signal { message, ..base }.meaning(), expected);
    assert_eq!(base.meaning(), Meaning::RecordDeprecated { primary: None });
}

fn kind() -> impl Strategy<Value = CallKind> {
    prop::sample::select(CallKind::ALL.to_vec())
}

proptest! {
    /// Total: any status and anything that comes with it means something, without a panic, and a
    /// body never makes an answer of one status class mean what only another may mean.
    #[test]
    fn every_answer_means_one_thing(
        kind in kind(),
        status in any::<u16>(),
        code in prop::option::of(prop_oneof![9000u16..9070, any::<u16>()]),
        oauth_error in prop::option::of("[a-z_]{0,20}"),
        message in ".{0,80}",
        location in prop::option::of(".{0,80}"),
    ) {
        let signal = Signal {
            kind, orcid: None, status, code,
            oauth_error: oauth_error.as_deref(), message: &message, location: location.as_deref(),
        };
        let meaning = signal.meaning();
        prop_assert_eq!(&signal.meaning(), &meaning);
        match &meaning {
            Meaning::Gone | Meaning::RecordUnknown => prop_assert_eq!(status, 404),
            Meaning::Duplicate { .. } | Meaning::RecordDeactivated | Meaning::RecordLocked =>
                prop_assert_eq!(status, 409),
            Meaning::TokenRefused => prop_assert!(status == 401 || status == 400),
            Meaning::Overloaded => prop_assert!(status == 429 || status == 503),
            Meaning::Transient => prop_assert!(status == 408 || status == 425 || status >= 500),
            _ => {}
        }
        prop_assert!(!meaning.to_string().is_empty());
    }
}
