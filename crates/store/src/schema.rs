//! The tables, alike on both databases. At most 16 columns each: wider tables multiply diesel's
//! build time.

diesel::table! {
    installation (name) { name -> Text, value -> Text, }
}
diesel::table! {
    agency_key (purpose, id) {
        purpose -> Text, id -> Text, canary -> Nullable<Binary>, first_used_at -> Timestamp,
        replaced_at -> Nullable<Timestamp>, retired_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    write_probe (id) { id -> SmallInt, count -> BigInt, padding -> Nullable<Binary>, }
}
diesel::table! {
    service_point (id) {
        id -> BigInt, name -> Text, identifier_owner -> Text, repository_id -> Nullable<Text>,
        prefix -> Text, group_id -> Text, admin_email -> Nullable<Text>, tech_email -> Nullable<Text>,
        enabled -> Bool, app_writes_enabled -> Bool, created_at -> Timestamp, trust -> Text,
        retired -> Bool, name_key -> Nullable<Text>,
    }
}
diesel::table! {
    use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text, Timestamp};
    use crate::types::DbJson;
    raid (handle) {
        handle -> Text, version -> Integer, service_point_id -> BigInt, access -> Text,
        document -> DbJson, created_at -> Timestamp, updated_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>, withdrawal_reason -> Nullable<Text>,
        sort_title -> Nullable<Text>, starts_on -> Nullable<Date>, ends_on -> Nullable<Date>,
        indexed_version -> Nullable<Integer>,
    }
}
diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::types::DbJson;
    raid_version (handle, version) {
        handle -> Text, version -> Integer, document -> DbJson, actor -> Text,
        client -> Nullable<Text>, created_at -> Timestamp, issuer -> Nullable<Text>,
        reason -> Nullable<Text>, redacted_at -> Nullable<Timestamp>,
        redacted_by -> Nullable<Text>, redacted_by_issuer -> Nullable<Text>,
        redaction_reason -> Nullable<Text>,
    }
}
diesel::table! {
    raid_holder (handle, issuer, subject, role) {
        handle -> Text, subject -> Text, role -> Text, given_by -> Text, given_at -> Timestamp,
        issuer -> Text, given_by_issuer -> Text,
    }
}
diesel::table! {
    raid_term (handle, kind, value) { handle -> Text, kind -> Text, value -> Text, only_for -> Text, }
}
diesel::table! {
    contribution (orcid, handle) { orcid -> Text, handle -> Text, released_at -> Nullable<Timestamp>, }
}
diesel::table! {
    task (kind, key) {
        kind -> Text, key -> Text, subject -> Text, lane -> SmallInt, state -> Text,
        due_at -> Timestamp, attempts -> Integer, generation -> BigInt,
        lease_owner -> Nullable<Text>, lease_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>, created_at -> Timestamp, waits_for -> Nullable<Text>,
    }
}
diesel::table! {
    outage (side) {
        side -> Text, probe_at -> Timestamp, recovered_at -> Timestamp, rounds -> Integer,
    }
}
diesel::table! {
    subject_lease (subject) { subject -> Text, owner -> Text, until -> Timestamp, }
}
diesel::table! {
    permission (orcid) {
        orcid -> Text, state -> Text, since -> Timestamp, suspicions -> Integer,
        primary_orcid -> Nullable<Text>, reason -> Nullable<Text>, updated_at -> Timestamp,
        version -> Integer, answered_for -> Nullable<Text>, idle_since -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamp};
    use crate::types::DbUuid;
    permission_request (id) {
        id -> DbUuid, orcid -> Text, state -> Text, put_code -> Nullable<BigInt>,
        asked_at -> Timestamp, closed_at -> Nullable<Timestamp>, says -> Nullable<Text>,
        names -> Nullable<Text>, read_at -> Nullable<Timestamp>, counted -> Bool,
    }
}
diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    use crate::types::DbUuid;
    orcid_grant (id) {
        id -> DbUuid, orcid -> Text, state -> Text, access_token -> Binary,
        refresh_token -> Nullable<Binary>, scope -> Text, expires_at -> Nullable<Timestamp>,
        granted_at -> Timestamp, visit -> Nullable<Text>,
    }
}
diesel::table! {
    membership (orcid, handle) {
        orcid -> Text, handle -> Text, state -> Text, put_code -> Nullable<BigInt>,
        document_hash -> Nullable<Text>, written_at -> Nullable<Timestamp>, updated_at -> Timestamp,
        refusal -> Nullable<Text>,
    }
}
diesel::table! {
    disclaimer (orcid, handle) {
        orcid -> Text, handle -> Text, said_at -> Timestamp, confirmed -> Bool,
    }
}
diesel::table! {
    naming (orcid, service_point_id) {
        orcid -> Text, service_point_id -> BigInt, handle -> Text, state -> Text,
        since -> Timestamp, named_at -> Timestamp, entry_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    service_point_day (service_point_id, day) {
        service_point_id -> BigInt, day -> Date, new_people -> Integer, mails -> Integer,
        objections -> Integer,
    }
}
diesel::table! {
    mailed_address (hash) { hash -> Text, day -> Date, mails -> Integer, }
}
diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
    use crate::types::DbUuid;
    announcement (orcid, service_point_id) {
        orcid -> Text, service_point_id -> BigInt, id -> DbUuid, handle -> Text, state -> Text,
        since -> Timestamp, put_code -> Nullable<BigInt>, reason -> Nullable<Text>,
    }
}
diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamp};
    use crate::types::{DbJson, DbUuid};
    invitation (id) {
        id -> DbUuid, handle -> Text, state -> Text, email -> Nullable<Binary>,
        contribution -> DbJson, invited_by -> Text, accepted_by -> Nullable<Text>,
        created_at -> Timestamp, expires_at -> Timestamp, address_hash -> Nullable<Text>,
        mails -> Integer, mailed_at -> Nullable<Timestamp>, inviter_issuer -> Nullable<Text>,
        inviter_right -> Nullable<Text>, service_point_id -> Nullable<BigInt>,
    }
}
diesel::table! {
    contributor_status (handle, contributor) {
        handle -> Text, contributor -> Text, status -> Text, said_at -> Timestamp,
    }
}
diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text, Timestamp};
    visit (nonce) {
        nonce -> Text, purpose -> Text, subject -> Text, state -> Text, orcid -> Nullable<Text>,
        created_at -> Timestamp, expires_at -> Timestamp, code -> Nullable<Binary>,
        exchanging_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    kept_answer (key) {
        key -> Text, request -> Text, location -> Text, body -> Text, warning -> Nullable<Text>,
        created_at -> Timestamp, expires_at -> Timestamp,
    }
}
diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text, Timestamp};
    use crate::types::DbUuid;
    orcid_call (id) {
        id -> DbUuid, at -> Timestamp, kind -> Text, orcid -> Nullable<Text>, outcome -> Text,
        status -> Nullable<Integer>, error_code -> Nullable<Integer>, millis -> Integer, node -> Text,
        handle -> Nullable<Text>,
    }
}
diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
    use crate::types::DbUuid;
    api_token (id) {
        id -> DbUuid, name -> Text, hash -> Text, subject -> Text, roles -> Text,
        service_point_id -> Nullable<BigInt>, created_at -> Timestamp,
        created_by -> Nullable<Text>, created_by_issuer -> Nullable<Text>,
        expires_at -> Timestamp, last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    limiter (name) { name -> Text, next_at -> Timestamp, rate_milli -> BigInt, slowed_at -> Timestamp, }
}
diesel::table! {
    change_pending (entered) {
        entered -> BigInt, handle -> Text, version -> Integer, access -> Text,
        service_point_id -> BigInt, at -> Timestamp,
    }
}
diesel::table! {
    change (position) {
        position -> BigInt, handle -> Text, version -> Integer, access -> Text,
        service_point_id -> BigInt, at -> Timestamp,
    }
}
diesel::table! {
    change_end (id) { id -> BigInt, position -> BigInt, }
}
diesel::allow_tables_to_appear_in_same_query!(
    api_token,
    service_point,
    raid,
    raid_version,
    raid_holder,
    raid_term,
    contribution,
    task,
    subject_lease,
    permission,
    permission_request,
    orcid_grant,
    membership,
    disclaimer,
    naming,
    service_point_day,
    mailed_address,
    announcement,
    invitation,
    visit,
    contributor_status,
    change_pending,
    change,
    change_end
);
