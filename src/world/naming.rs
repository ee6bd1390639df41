//! What a column's name and a value's text say. Guesses, all of them: `[tables.NAME.values]` in the settings overrules each.

use crate::catalog::{Column, DataType};

/// What a column is for, as far as its name and type tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Nothing in particular.
    Plain,
    /// An email address.
    Email,
    /// A web address.
    Link,
    /// A telephone number.
    Phone,
    /// Where a thing stands: `status`, `state`.
    State,
    /// Who may see a thing: `visibility`, `is_public`.
    Visibility,
    /// A flag or moment that takes a row out of use: `deleted_at`, `is_archived`.
    OutOfUse,
    /// A flag that keeps a row in use: `is_active`.
    InUse,
    /// A moment after which a row counts no more: `expires_at`.
    End,
    /// A user's id that no foreign key guards: `created_by`.
    UserReference,
}

const OUT_OF_USE: &[&str] = &[
    "deleted",
    "archived",
    "revoked",
    "removed",
    "cancelled",
    "canceled",
    "cancel",
    "disabled",
    "suspended",
    "banned",
    "blocked",
    "rejected",
    "expired",
    "trashed",
    "discarded",
    "used",
    "consumed",
    "redeemed",
    "locked",
    "closed",
    "deactivated",
    "terminated",
    "withdrawn",
    "declined",
    "hidden",
    "left",
    "inactive",
    "invalidated",
    "superseded",
    "failed",
    "refunded",
    "voided",
    "dismissed",
    "ended",
    "muted",
    "flagged",
];
const IN_USE: &[&str] =
    &["active", "enabled", "verified", "approved", "confirmed", "current", "valid", "accepted", "joined"];
const PUBLIC: &[&str] = &[
    "public",
    "published",
    "publish",
    "shared",
    "visible",
    "listed",
    "unlisted",
    "open",
    "discoverable",
    "everyone",
    "anyone",
    "world",
    "global",
    "anonymous",
    "community",
    "live",
    "featured",
    "template",
    "searchable",
    "share",
];
const PRIVATE: &[&str] = &["private", "draft", "hidden", "internal", "restricted", "personal", "closed", "me", "owner"];
const WAITING: &[&str] = &["pending", "invited", "waiting", "requested", "unconfirmed", "unverified"];
const TROUBLE: &[&str] = &["failed", "error", "errored", "unpaid", "incomplete", "overdue", "past", "spam", "denied"];
const END: &[&str] = &[
    "expires",
    "expiry",
    "expiration",
    "expire",
    "until",
    "end",
    "ends",
    "due",
    "deadline",
    "finish",
    "thru",
    "through",
];
const LINK: &[&str] = &["url", "uri", "website", "link", "href", "homepage", "webhook", "avatar", "domain"];
const PERSON: &[&str] = &[
    "user",
    "owner",
    "author",
    "creator",
    "actor",
    "uploader",
    "sender",
    "assignee",
    "member",
    "profile",
    "account",
    "editor",
    "reviewer",
    "reporter",
    "requester",
    "inviter",
];

/// Whether a table's name says that its rows let people take part in something: those are made by somebody who may let them.
pub(crate) fn joins_people(table: &str) -> bool {
    const JOINS: [&str; 10] =
        ["member", "participant", "collaborator", "teammate", "staff", "seat", "enrol", "assign", "attend", "invit"];
    words(table).iter().any(|word| JOINS.iter().any(|join| word.starts_with(join)))
}

/// The words of an identifier or value, in lower case: `isPublic`, `is_public` and `is-public` are the same.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for character in text.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && previous_lower) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        previous_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn any(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Whether values are moments: `date`, `timestamp`, `timestamptz`.
pub(crate) fn is_moment(data_type: &DataType) -> bool {
    matches!(data_type.unwrapped().name.as_str(), "date" | "timestamp" | "timestamptz")
}

/// Whether values are whole numbers.
pub(crate) fn is_integer(data_type: &DataType) -> bool {
    matches!(data_type.unwrapped().name.as_str(), "int2" | "int4" | "int8")
}

/// Whether values are numbers of any kind.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    is_integer(data_type)
        || matches!(data_type.unwrapped().name.as_str(), "numeric" | "float4" | "float8" | "money" | "oid")
}

/// What `column` is for.
pub(crate) fn nature(column: &Column) -> Nature {
    let words = words(&column.name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let data_type = column.data_type.unwrapped();
    if data_type.name == "bool" {
        return flag_nature(&words);
    }
    if is_moment(data_type) {
        return match () {
            () if any(&words, OUT_OF_USE) || any(&words, &["published"]) => Nature::OutOfUse,
            () if any(&words, END) => Nature::End,
            () => Nature::Plain,
        };
    }
    if is_user_reference(&words, data_type) {
        return if any(&words, OUT_OF_USE) { Nature::OutOfUse } else { Nature::UserReference };
    }
    match last {
        "status" | "state" => Nature::State,
        "visibility" | "privacy" | "sharing" | "audience" => Nature::Visibility,
        "access" if !data_type.is_json() => Nature::Visibility,
        "email" | "mail" => Nature::Email,
        "phone" | "telephone" | "mobile" => Nature::Phone,
        _ if any(&words, &["email"]) && last == "address" => Nature::Email,
        _ if any(&words, LINK) => Nature::Link,
        _ => Nature::Plain,
    }
}

fn flag_nature(words: &[String]) -> Nature {
    match () {
        () if any(words, PUBLIC) || any(words, &["private", "default", "system"]) => Nature::Visibility,
        () if any(words, OUT_OF_USE) => Nature::OutOfUse,
        () if any(words, IN_USE) => Nature::InUse,
        () => Nature::Plain,
    }
}

/// A user's id by its name: `user_id`, `created_by`, `assigned_to`.
fn is_user_reference(words: &[String], data_type: &DataType) -> bool {
    let identifies = data_type.name == "uuid" || data_type.is_text() || is_integer(data_type);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let before = words.len().checked_sub(2).and_then(|index| words.get(index)).map(String::as_str).unwrap_or_default();
    let named = match last {
        "uid" if before.is_empty() => true,
        "id" | "uid" | "uuid" => PERSON.contains(&before),
        "by" => before.ends_with("ed") || matches!(before, "sent" | "paid" | "made" | "run" | "written"),
        "to" => before == "assigned" && !data_type.is_text(),
        "userid" => true,
        "owner" | "author" | "creator" | "assignee" => data_type.name == "uuid",
        _ => false,
    };
    identifies && named
}

/// The value of a flag that shows a row to nobody else and keeps it in use; `None` where the name says nothing.
pub(crate) fn wanted_flag(column: &Column) -> Option<bool> {
    match nature(column) {
        Nature::Visibility => Some(any(&words(&column.name), &["private"])),
        Nature::OutOfUse => Some(false),
        Nature::InUse => Some(true),
        _ => None,
    }
}

/// How unwelcome a listed value is in a made row: the public come last (so that a feature of public reading does not
/// look like a leak), then those that take a row out of use (its owner might not see it either).
pub(crate) fn unwelcome(nature: Nature, value: &str, is_default: bool, is_membership: bool) -> i32 {
    let words = words(value);
    let mut rank = 0;
    if any(&words, PUBLIC) {
        rank += 100;
    } else if any(&words, OUT_OF_USE) && !(nature == Nature::Visibility && any(&words, PRIVATE)) {
        rank += 50;
    } else if any(&words, TROUBLE) {
        rank += 40;
    } else if any(&words, WAITING) {
        rank += 5;
    } else if any(&words, IN_USE) {
        rank -= 5;
    } else if nature == Nature::Visibility && any(&words, PRIVATE) {
        rank -= 3;
    }
    if is_default {
        rank -= if is_membership { 4 } else { 11 };
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Generated, Identity, TypeKind};

    fn column(name: &str, type_name: &str) -> Column {
        let data_type = DataType {
            formatted: type_name.to_owned(),
            name: type_name.to_owned(),
            schema: "pg_catalog".to_owned(),
            kind: TypeKind::Base,
        };
        Column {
            name: name.to_owned(),
            position: 1,
            data_type,
            not_null: false,
            default: None,
            generated: Generated::No,
            identity: Identity::No,
            comment: None,
        }
    }

    #[test]
    fn words_are_found_in_every_spelling() {
        for spelling in ["is_public", "isPublic", "is-public", "Is Public"] {
            assert_eq!(words(spelling), ["is", "public"], "{spelling}");
        }
    }

    #[test]
    fn names_tell_what_a_column_is_for() {
        for (name, type_name, expected) in [
            ("deleted_at", "timestamptz", Nature::OutOfUse),
            ("expires_at", "timestamptz", Nature::End),
            ("created_at", "timestamptz", Nature::Plain),
            ("current_period_end", "timestamptz", Nature::End),
            ("created_by", "uuid", Nature::UserReference),
            ("deleted_by", "uuid", Nature::OutOfUse),
            ("user_id", "text", Nature::UserReference),
            ("campaign_id", "uuid", Nature::Plain),
            ("status", "text", Nature::State),
            ("contact_email", "text", Nature::Email),
            ("avatar_url", "text", Nature::Link),
        ] {
            assert_eq!(nature(&column(name, type_name)), expected, "{name}");
        }
    }

    #[test]
    fn flags_keep_a_row_private_and_in_use() {
        for (name, expected) in [
            ("is_public", Some(false)),
            ("is_private", Some(true)),
            ("is_active", Some(true)),
            ("archived", Some(false)),
            ("is_primary", None),
        ] {
            assert_eq!(wanted_flag(&column(name, "bool")), expected, "{name}");
        }
    }

    #[test]
    fn a_public_default_is_not_chosen_and_a_harmless_one_is() {
        let rank = |value, default| unwelcome(Nature::Visibility, value, default, false);
        assert!(rank("private", false) < rank("public", true));
        assert!(rank("draft", true) < rank("archived", false));
        assert!(unwelcome(Nature::State, "active", false, true) < unwelcome(Nature::State, "pending", true, true));
    }
}
