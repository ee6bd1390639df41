//! `schema/float-money`: amounts of money are exact.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, is_type, of_columns};
use crate::catalog::{Column, Table};
use crate::tenancy::words;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/float-money",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Amounts of money are exact",
        help: "`real` and `double precision` hold binary fractions: 0.1 is none, sums drift by cents, and the order of addition changes the total. Use `numeric(12, 2)` (more decimals for unit prices), or whole cents as `bigint`.",
        example: example!("schema/float-money"),
    },
    plan,
};

const EXPECTED: &str = "amounts of money are numeric or whole numbers";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    of_columns(subject, EXPECTED, "each amount of money is exact", names_money, look)
}

fn look(table: &Table, column: &Column) -> Option<Defect> {
    let inexact = is_type(column, "float4") || is_type(column, "float8");
    (inexact && names_money(column)).then(|| {
        let formatted = &column.data_type.unwrapped().formatted;
        let fix = alter_column(table, &column.name, "type numeric(12, 2)");
        Defect::new(&column.name, format!("{} is {formatted}, which is not exact", column.name), fix)
    })
}

/// Whether a column's name says that it holds an amount of money.
fn names_money(column: &Column) -> bool {
    is_money(&column.name)
}

fn is_money(name: &str) -> bool {
    const MONEY: [&str; 38] = [
        "price",
        "amount",
        "cost",
        "costs",
        "subtotal",
        "balance",
        "fee",
        "fees",
        "salary",
        "budget",
        "revenue",
        "tax",
        "vat",
        "refund",
        "payment",
        "charge",
        "usd",
        "eur",
        "gbp",
        "wage",
        "income",
        "commission",
        "payout",
        "fare",
        "deposit",
        "money",
        "mrr",
        "arr",
        "gmv",
        "earnings",
        "spend",
        "spent",
        "profit",
        "expense",
        "discount",
        "tip",
        "prices",
        "tuition",
    ];
    // A share of an amount, or a number of them, is none.
    const NOT: [&str; 22] = [
        "percent",
        "percentage",
        "pct",
        "rate",
        "ratio",
        "score",
        "count",
        "weight",
        "factor",
        "multiplier",
        "index",
        "id",
        "probability",
        "confidence",
        "type",
        "change",
        "elasticity",
        "growth",
        "share",
        "at",
        "function",
        "rank",
    ];
    let words = words(name);
    words.iter().any(|word| MONEY.contains(&word.as_str())) && !words.iter().any(|word| NOT.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_told_from_a_share_and_a_number_of_amounts() {
        let money = ["price", "unitPrice", "total_cost_usd", "amount", "monthly_budget"];
        let none = ["tax_rate", "discount_percent", "price_change", "cost_function", "total_score", "amount_count"];
        assert!(money.iter().all(|name| is_money(name)));
        assert!(!none.iter().any(|name| is_money(name)));
    }
}
