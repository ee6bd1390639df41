//! Columns that a client must not set for itself: what it may do, what it has paid for, what it has used.

use super::names::{any_of, names_billing, table_words, words};
use crate::catalog::{Column, Table};
use crate::tenancy::{Origin, Reasoned, TableRole};

/// Why a table's columns are looked at at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// The user, or the tenant.
    Principal,
    /// A membership, or roles of users.
    Membership,
    /// What somebody pays for.
    Billing,
}

/// The columns of `table` that a client must not set for itself.
pub(super) fn privilege_columns(
    table: &Table,
    role: TableRole,
    joins_people: bool,
    skip: &[&str],
) -> Vec<Reasoned<String>> {
    let subject = match role {
        TableRole::Root(_) | TableRole::Profile => Subject::Principal,
        TableRole::Membership(_) => Subject::Membership,
        TableRole::Plain if joins_people => Subject::Membership,
        TableRole::Plain if names_billing(&table.name.name) && !is_own_trade(table) => Subject::Billing,
        TableRole::Plain => return Vec::new(),
    };
    // A profile that is the membership too holds what a user may do and what it has paid for.
    let subjects = if matches!(role, TableRole::Membership(_)) && !joins_people {
        vec![Subject::Membership, Subject::Principal]
    } else {
        vec![subject]
    };
    let judged = |column: &Column| {
        if skip.contains(&column.name.as_str()) || !column.is_writable() {
            return None;
        }
        let reason = subjects.iter().find_map(|subject| reason(*subject, column))?;
        Some(Reasoned { value: column.name.clone(), reason: reason.to_owned(), origin: Origin::Inferred })
    };
    table.columns.iter().filter_map(judged).collect()
}

/// Whether a table holds what the tenant bills its own customers, and not what it is billed: the invoice names a customer and no
/// provider of payments.
fn is_own_trade(table: &Table) -> bool {
    const TRADE: [&str; 8] =
        ["invoice", "invoices", "payment", "payments", "purchase", "purchases", "charge", "charges"];
    const PROVIDERS: [&str; 7] = ["stripe", "paddle", "lemonsqueezy", "paypal", "provider", "external", "subscription"];
    const PARTIES: [&str; 16] = [
        "customer",
        "client",
        "buyer",
        "recipient",
        "payer",
        "payee",
        "vendor",
        "supplier",
        "patient",
        "student",
        "guest",
        "contact",
        "donor",
        "attendee",
        "debtor",
        "payable",
    ];
    // `customer_id text` is what a provider of payments calls its customer.
    let names_party = |column: &Column| {
        let words = words(&column.name);
        let is_key = words.last().is_some_and(|last| last == "id");
        any_of(&words, &PARTIES) && !(is_key && column.data_type.is_text())
    };
    any_of(&table_words(&table.name.name), &TRADE)
        && table.columns.iter().any(names_party)
        && !table.columns.iter().any(|column| any_of(&words(&column.name), &PROVIDERS))
}

/// Whether a table gives users roles, though it is no membership of a tenant: `user_roles`.
pub(super) fn names_roles(table: &Table) -> bool {
    let words = table_words(&table.name.name);
    any_of(&words, &["user", "profile", "member"]) && any_of(&words, &["role", "permission", "privilege", "admin"])
}

fn reason(subject: Subject, column: &Column) -> Option<&'static str> {
    let words = words(&column.name);
    let has = |list: &[&str]| any_of(&words, list);
    let only_of = |list: &[&str]| words.iter().all(|word| list.contains(&word.as_str()));
    if has(&["role", "roles", "permission", "permissions", "superuser", "superadmin", "staff", "privileges"])
        || (has(&["admin", "moderator"]) && only_of(&["is", "admin", "moderator", "site", "platform", "super", "flag"]))
        || (has(&["level"]) && has(&["access", "permission", "clearance"]))
    {
        return Some("it says what its user may do");
    }
    if subject == Subject::Membership {
        return None;
    }
    // A description, a name or a colour of a plan decides nothing.
    if has(&["name", "description", "notes", "note", "label", "text", "color", "colour", "title", "url"]) {
        return None;
    }
    if has(&["verified", "approved", "banned", "suspended", "blocked", "kyc", "trusted", "unlocked"]) {
        return Some("it says what somebody else has found out or decided about its user");
    }
    if has(&[
        "plan",
        "tier",
        "subscription",
        "entitlement",
        "entitlements",
        "trial",
        "seats",
        "premium",
        "pro",
        "paid",
        "licensed",
    ]) {
        return Some("it says what has been paid for");
    }
    if has(&[
        "credit",
        "credits",
        "balance",
        "quota",
        "quotas",
        "usage",
        "limit",
        "limits",
        "budget",
        "budgets",
        "allowance",
        "monthly",
    ]) {
        return Some("it counts or limits what may be used");
    }
    if has(&["stripe", "paddle", "lemonsqueezy", "paypal", "billing"]) && !has(&["email", "address", "period"]) {
        return Some("it ties the user to what has been paid for");
    }
    if has(&["feature", "features"]) && has(&["flags", "flag", "enabled"]) {
        return Some("it says what its user may do");
    }
    (subject == Subject::Billing).then(|| billing_reason(&words, column)).flatten()
}

fn billing_reason(words: &[String], column: &Column) -> Option<&'static str> {
    let has = |list: &[&str]| any_of(words, list);
    if has(&["status", "state"]) {
        return Some("it says whether it has been paid for");
    }
    if has(&["price", "product"]) {
        return Some("it says what has been paid for");
    }
    if has(&["amount", "total", "subtotal", "cost", "quantity", "used", "tokens", "count", "units"]) {
        return Some("it counts what is paid for or used");
    }
    let period = has(&["period", "expires", "ends", "ended", "renews", "valid", "start", "end"])
        && !has(&["cancel", "canceled", "cancelled"]);
    (period && !column.data_type.is_text()).then_some("it says how long it has been paid for")
}
