use super::entropy::Entropy;
use super::naming::{Nature, unwelcome};
use super::pattern;
use super::variant::{JsonShape, Moment, Shape, Variant};
use crate::catalog::{Column, DataType, QualifiedName, TypeKind};

/// What a row puts into a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing: the server decides.
    Default,
    /// A text form (`None` is null), and the canary in it.
    Value {
        /// The text form.
        text: Option<String>,
        /// The canary.
        canary: Option<String>,
    },
}

impl Cell {
    pub(crate) fn plain(text: Option<String>) -> Self {
        Self::Value { text, canary: None }
    }

    /// The text, where there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Value { text, .. } => text.as_deref(),
            Self::Default => None,
        }
    }
}

/// The place of a value: everything that it may depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) entropy: Entropy,
    pub(crate) table: &'a QualifiedName,
    pub(crate) column: &'a Column,
    /// The tenant in lower case, or `shared`.
    pub(crate) label: &'a str,
    /// Unique within the table, and small.
    pub(crate) ordinal: usize,
    /// The column is a key or referred to: no canary goes in.
    pub(crate) key: bool,
    /// Texts are cut to this many characters.
    pub(crate) longest: Option<usize>,
}

/// Fewer random digits than this do not make a text unrepeatable.
const FEWEST_DIGITS: usize = 8;
const USUAL_DIGITS: usize = 12;

/// What `variant` means at `spot`. [`Variant::Assigned`] is the caller's to resolve.
pub(crate) fn cell(variant: &Variant, spot: &Spot<'_>) -> Cell {
    let data_type = spot.column.data_type.unwrapped();
    match variant {
        Variant::Default | Variant::Assigned => Cell::Default,
        Variant::Null => Cell::plain(None),
        Variant::Fixed(text) => Cell::plain(Some(text.clone())),
        Variant::Typical => {
            let (text, canary) = typical(data_type, spot, 0);
            Cell::Value { text: Some(text), canary }
        }
        Variant::Text(shape) => {
            let (text, canary) = shaped(*shape, spot);
            Cell::Value { text: Some(text), canary }
        }
        Variant::Pattern(pattern) => {
            let ordinal = spot.ordinal.to_string();
            let table = spot.table.to_string();
            let labels = ["pattern", &table, &spot.column.name, &ordinal];
            Cell::plain(Some(pattern::matching(pattern, spot.entropy, &labels).unwrap_or_default()))
        }
        Variant::Json(shape) => json(shape, spot),
        Variant::Moment(moment) => Cell::plain(Some(moment_text(data_type, *moment, spot.ordinal))),
        Variant::Items(count) => items(data_type, *count, spot),
    }
}

/// The random digits of this spot.
fn digits(spot: &Spot<'_>, length: usize) -> String {
    let table = spot.table.to_string();
    let ordinal = spot.ordinal.to_string();
    spot.entropy.hex(&["canary", &table, &spot.column.name, spot.label, &ordinal], length)
}

/// The length that the type allows: `character varying(20)`.
pub(crate) fn length_limit(data_type: &DataType) -> Option<usize> {
    let inner = data_type.unwrapped();
    if !matches!(inner.name.as_str(), "varchar" | "bpchar") {
        return (inner.name == "name").then_some(63);
    }
    let (_, after) = inner.formatted.rsplit_once('(')?;
    after.trim_end_matches(')').parse().ok()
}

fn shaped(shape: Shape, spot: &Spot<'_>) -> (String, Option<String>) {
    let word = if spot.key { "key" } else { "canary" };
    let label = spot.label;
    let hex = digits(spot, USUAL_DIGITS);
    let limit = [spot.longest, length_limit(&spot.column.data_type)].into_iter().flatten().min();
    let whole = match shape {
        Shape::Dashed => format!("{word}-{label}-{hex}"),
        Shape::Underscored => format!("{word}_{label}_{hex}"),
        Shape::Compact => format!("{word}{label}{hex}"),
        Shape::Upper => format!("{word}{label}{hex}").to_uppercase(),
        Shape::Exact(length) => return keep(exact(spot, length), spot),
        Shape::Email => format!("{word}-{label}-{hex}@example.com"),
        Shape::Link => format!("https://example.com/{word}-{label}-{hex}"),
        // 555-0100 to 555-0199 are set aside for fiction.
        Shape::Phone => return (format!("+1202555{:04}", 100 + spot.ordinal % 100), None),
    };
    match limit {
        Some(limit) if whole.len() > limit => keep(exact(spot, limit), spot),
        _ => {
            // What the canary is found by stays the same, whatever stands around it.
            let canary = match shape {
                Shape::Email | Shape::Link => format!("{word}-{label}-{hex}"),
                _ => whole.clone(),
            };
            (whole, (!spot.key).then_some(canary))
        }
    }
}

/// A text is its own canary, if it is long enough to be one.
fn keep(text: String, spot: &Spot<'_>) -> (String, Option<String>) {
    let canary = (!spot.key && text.len() >= FEWEST_DIGITS).then(|| text.clone());
    (text, canary)
}

/// A text of exactly this length, as random as it can be.
fn exact(spot: &Spot<'_>, length: usize) -> String {
    let full = format!("canary-{}-", spot.label);
    let room = length.saturating_sub(USUAL_DIGITS);
    let prefix: String = if room >= full.len() { full } else { String::new() };
    let hex = digits(spot, 64.min(length - prefix.len()));
    let mut text = format!("{prefix}{hex}");
    while text.len() < length {
        text.push('a');
    }
    text
}

fn json(shape: &JsonShape, spot: &Spot<'_>) -> Cell {
    let (canary, found) = shaped(Shape::Dashed, spot);
    let text = match shape {
        JsonShape::Object(keys) => {
            let mut object: serde_json::Map<String, serde_json::Value> =
                keys.iter().map(|key| (key.clone(), serde_json::Value::String(key.clone()))).collect();
            object.insert("canary".to_owned(), serde_json::Value::String(canary));
            serde_json::Value::Object(object).to_string()
        }
        JsonShape::Array => serde_json::json!([canary]).to_string(),
        JsonShape::Text => serde_json::json!(canary).to_string(),
        JsonShape::Number => return Cell::plain(Some((spot.ordinal + 1).to_string())),
        JsonShape::EmptyObject => return Cell::plain(Some("{}".to_owned())),
        JsonShape::EmptyArray => return Cell::plain(Some("[]".to_owned())),
    };
    Cell::Value { text: Some(text), canary: found }
}

fn items(data_type: &DataType, count: usize, spot: &Spot<'_>) -> Cell {
    let TypeKind::Array(element) = &data_type.kind else {
        return Cell::Default;
    };
    let mut canary = None;
    let elements: Vec<String> = (0..count)
        .map(|index| {
            let (text, found) = typical(element.unwrapped(), spot, index);
            canary = canary.take().or(found);
            quote_element(&text)
        })
        .collect();
    Cell::Value { text: Some(format!("{{{}}}", elements.join(","))), canary }
}

/// An element of an array or a field of a row in its text form (Postgres documentation, 8.15.6 and 8.16.6).
fn quote_element(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What a column of this type usually holds; `nth` tells apart values within one row.
fn typical(data_type: &DataType, spot: &Spot<'_>, nth: usize) -> (String, Option<String>) {
    match &data_type.kind {
        TypeKind::Enumeration(labels) => {
            let best = labels.iter().min_by_key(|label| unwelcome(Nature::State, label, false, false));
            (best.cloned().unwrap_or_default(), None)
        }
        TypeKind::Domain { base, .. } => typical(base.unwrapped(), spot, nth),
        TypeKind::Array(element) => {
            let (text, canary) = typical(element.unwrapped(), spot, nth);
            (format!("{{{}}}", quote_element(&text)), canary)
        }
        TypeKind::Range(subtype) => (range(subtype.unwrapped(), spot), None),
        TypeKind::Multirange(subtype) => {
            // The subtype may be given as the range or as what the range is over.
            let inner = match &subtype.unwrapped().kind {
                TypeKind::Range(inner) => inner.unwrapped(),
                _ => subtype.unwrapped(),
            };
            (format!("{{{}}}", range(inner, spot)), None)
        }
        TypeKind::Composite(fields) => {
            let mut canary = None;
            let texts: Vec<String> = fields
                .iter()
                .map(|(_, field)| {
                    let (text, found) = typical(field.unwrapped(), spot, nth);
                    canary = canary.take().or(found);
                    quote_element(&text)
                })
                .collect();
            (format!("({})", texts.join(",")), canary)
        }
        TypeKind::Base | TypeKind::Pseudo => scalar(data_type, spot, nth),
    }
}

fn scalar(data_type: &DataType, spot: &Spot<'_>, nth: usize) -> (String, Option<String>) {
    let n = spot.ordinal + 1;
    let text = match data_type.name.as_str() {
        "text" | "citext" | "varchar" | "bpchar" | "name" if nth == 0 => {
            let one_letter = length_limit(data_type).is_some_and(|limit| limit < 2);
            return if one_letter { (digits(spot, 1), None) } else { shaped(Shape::Dashed, spot) };
        }
        "text" | "citext" | "varchar" | "bpchar" | "name" => {
            digits(spot, USUAL_DIGITS.min(length_limit(data_type).unwrap_or(12)))
        }
        "json" | "jsonb" => {
            let Cell::Value { text, canary } = json(&JsonShape::Object(Vec::new()), spot) else {
                return ("{}".to_owned(), None);
            };
            return (text.unwrap_or_default(), canary);
        }
        "hstore" => {
            let (text, canary) = shaped(Shape::Dashed, spot);
            return (format!("\"canary\"=>\"{text}\""), canary);
        }
        "xml" => {
            let (text, canary) = shaped(Shape::Dashed, spot);
            return (format!("<canary>{text}</canary>"), canary);
        }
        "ltree" => {
            let (text, canary) = shaped(Shape::Underscored, spot);
            return (text, canary);
        }
        "uuid" => {
            let (table, ordinal, nth) = (spot.table.to_string(), spot.ordinal.to_string(), nth.to_string());
            spot.entropy.uuid(&["uuid", &table, &spot.column.name, &ordinal, &nth])
        }
        "numeric" => decimal(data_type, n),
        "float4" | "float8" | "money" => format!("{n}.5"),
        "bool" => "false".to_owned(),
        "date" | "timestamp" | "timestamptz" => moment_text(data_type, Moment::Past, spot.ordinal),
        "time" | "timetz" => format!("{:02}:{:02}:00", 8 + n / 60 % 12, n % 60),
        "interval" => format!("{n} days"),
        "bytea" => format!("\\x{}", digits(spot, 16)),
        "inet" | "cidr" => format!("192.0.2.{}", n % 254 + 1),
        "macaddr" => format!("08:00:2b:01:{:02x}:{:02x}", n / 256 % 256, n % 256),
        "macaddr8" => format!("08:00:2b:01:02:03:{:02x}:{:02x}", n / 256 % 256, n % 256),
        "bit" | "varbit" => bits(data_type, n),
        other => return (unusual(other, data_type, n), None),
    };
    (text, None)
}

/// Types that few columns have.
fn unusual(name: &str, data_type: &DataType, n: usize) -> String {
    match name {
        "point" => format!("({n},{n})"),
        "line" => format!("{{1,1,{n}}}"),
        "lseg" => format!("[(0,0),({n},{n})]"),
        "box" => format!("({n},{n}),(0,0)"),
        "path" | "polygon" => format!("((0,0),({n},0),({n},{n}))"),
        "circle" => format!("<(0,0),{n}>"),
        "tsvector" | "tsquery" => format!("word{n}"),
        "pg_lsn" => format!("0/{n:X}"),
        "regclass" => "pg_class".to_owned(),
        "regtype" => "text".to_owned(),
        "regproc" => "now".to_owned(),
        "regrole" => "pg_monitor".to_owned(),
        "jsonpath" => format!("$.word{n}"),
        "txid_snapshot" | "pg_snapshot" => format!("{n}:{n}:"),
        "tid" => format!("(0,{n})"),
        "char" => "a".to_owned(),
        "geometry" | "geography" => format!("POINT({n} {})", n % 90),
        "vector" | "halfvec" => vector(data_type, n),
        "sparsevec" => format!("{{1:{n}}}/{}", dimensions(data_type)),
        "cube" => format!("({n})"),
        "semver" => format!("{n}.0.0"),
        // Whole numbers, and what an unknown type is likeliest to read.
        _ => n.to_string(),
    }
}

fn dimensions(data_type: &DataType) -> usize {
    let inner = data_type.formatted.rsplit_once('(').and_then(|(_, after)| after.trim_end_matches(')').parse().ok());
    inner.unwrap_or(3)
}

fn vector(data_type: &DataType, n: usize) -> String {
    let elements: Vec<String> = (0..dimensions(data_type)).map(|index| format!("0.{}", (index + n) % 9 + 1)).collect();
    format!("[{}]", elements.join(","))
}

/// A number within `numeric(precision,scale)`.
fn decimal(data_type: &DataType, n: usize) -> String {
    let modifiers = data_type.formatted.rsplit_once('(').map(|(_, after)| after.trim_end_matches(')'));
    let mut numbers = modifiers.unwrap_or_default().split(',').map(|part| part.trim().parse::<i32>().ok());
    let (precision, scale) = (numbers.next().flatten(), numbers.next().flatten().unwrap_or(0));
    let whole_digits = precision.map_or(9, |precision| (precision - scale).clamp(0, 9));
    let fraction_digits = if precision.is_some() { scale.clamp(0, 9) } else { 2 };
    // Both within their digits: n below 10^digits.
    let whole = n % 10_usize.pow(whole_digits.unsigned_abs());
    if fraction_digits == 0 {
        return whole.to_string();
    }
    let width = fraction_digits.unsigned_abs();
    format!("{whole}.{:0width$}", n % 10_usize.pow(width), width = width as usize)
}

fn bits(data_type: &DataType, n: usize) -> String {
    let length = data_type.formatted.rsplit_once('(').and_then(|(_, after)| after.trim_end_matches(')').parse().ok());
    let length: usize = length.unwrap_or(1);
    (0..length).rev().map(|place| if place < 32 && (n >> place) & 1 == 1 { '1' } else { '0' }).collect()
}

fn range(subtype: &DataType, spot: &Spot<'_>) -> String {
    let n = spot.ordinal;
    match subtype.name.as_str() {
        "date" | "timestamp" | "timestamptz" => {
            format!("[\"{}\",\"{}\")", moment_text(subtype, Moment::Soon, n), moment_text(subtype, Moment::SoonEnd, n))
        }
        "int4" | "int8" | "numeric" | "float4" | "float8" => format!("[{},{})", 10 * n + 1, 10 * n + 6),
        _ => "empty".to_owned(),
    }
}

/// Days since 1970-01-01 of the first moment of its kind.
fn day(moment: Moment) -> i64 {
    match moment {
        Moment::Past => 19_723,
        Moment::PastEnd => 19_724,
        Moment::Soon => 25_567,
        Moment::SoonEnd => 25_568,
        Moment::Future => 47_117,
        Moment::Long => 5_113,
    }
}

fn moment_text(data_type: &DataType, moment: Moment, ordinal: usize) -> String {
    let days = day(moment) + 2 * i64::try_from(ordinal).unwrap_or_default();
    let date = civil(days);
    match data_type.name.as_str() {
        "date" => date,
        "timestamptz" => format!("{date} 12:00:00+00"),
        "time" | "timetz" => "12:00:00".to_owned(),
        _ => format!("{date} 12:00:00"),
    }
}

/// The date of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`; for days from 1970 on.
fn civil(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::{Generated, Identity};

    fn column(type_name: &str, formatted: &str) -> Column {
        let kind = TypeKind::Base;
        Column {
            name: "c".to_owned(),
            position: 1,
            data_type: DataType {
                formatted: formatted.to_owned(),
                name: type_name.to_owned(),
                schema: "pg_catalog".to_owned(),
                kind,
            },
            not_null: true,
            default: None,
            generated: Generated::No,
            identity: Identity::No,
            comment: None,
        }
    }

    fn made(variant: &Variant, column: &Column, seed: u64, ordinal: usize) -> (String, Option<String>) {
        let table = QualifiedName::new("public", "t");
        let entropy = Entropy::new(seed);
        let spot = Spot { entropy, table: &table, column, label: "a", ordinal, key: false, longest: None };
        match cell(variant, &spot) {
            Cell::Value { text, canary } => (text.unwrap(), canary),
            Cell::Default => panic!("no value"),
        }
    }

    proptest! {
        #[test]
        fn a_text_is_no_longer_than_its_type_and_its_canary_no_shorter_than_is_unrepeatable(limit in 1..60_usize, seed in any::<u64>(), ordinal in 0..400_usize) {
            let column = column("varchar", &format!("character varying({limit})"));
            for shape in [Shape::Dashed, Shape::Underscored, Shape::Compact, Shape::Upper, Shape::Email, Shape::Link] {
                let (text, canary) = made(&Variant::Text(shape), &column, seed, ordinal);
                prop_assert!(text.chars().count() <= limit, "{} {}", limit, text);
                prop_assert!(canary.is_none_or(|canary| canary.len() >= FEWEST_DIGITS && text.contains(&canary)));
            }
        }

        #[test]
        fn an_exact_length_is_exact(length in 1..400_usize, seed in any::<u64>()) {
            let (text, _) = made(&Variant::Text(Shape::Exact(length)), &column("text", "text"), seed, 3);
            prop_assert_eq!(text.len(), length);
        }

        #[test]
        fn two_rows_have_two_canaries(seed in any::<u64>(), one in 0..400_usize, other in 0..400_usize) {
            prop_assume!(one != other);
            let column = column("text", "text");
            let canary = |ordinal| made(&Variant::Text(Shape::Dashed), &column, seed, ordinal).1.unwrap();
            prop_assert!(!canary(one).contains(&canary(other)));
        }

        #[test]
        fn a_number_keeps_to_its_digits(precision in 1..12_i32, taken in 0..12_i32, ordinal in 0..400_usize) {
            let scale = taken.min(precision);
            let column = column("numeric", &format!("numeric({precision},{scale})"));
            let (text, _) = made(&Variant::Typical, &column, 1, ordinal);
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let digits = i32::try_from(whole.trim_start_matches('0').len()).unwrap();
            prop_assert!(digits <= precision - scale, "{} in numeric({},{})", text, precision, scale);
            prop_assert!(i32::try_from(fraction.len()).unwrap() <= scale);
        }

        #[test]
        fn moments_of_rows_lie_apart_and_an_end_after_its_beginning(one in 0..400_usize, other in 0..400_usize) {
            let column = column("timestamptz", "timestamp with time zone");
            let at = |moment, ordinal| made(&Variant::Moment(moment), &column, 1, ordinal).0;
            prop_assert!(at(Moment::Past, one) < at(Moment::PastEnd, one));
            prop_assert!(at(Moment::Soon, one) < at(Moment::SoonEnd, one) && at(Moment::SoonEnd, one) < at(Moment::Future, one));
            if one < other {
                prop_assert!(at(Moment::SoonEnd, one) < at(Moment::Soon, other), "ranges overlap");
            }
        }

        #[test]
        fn bits_are_as_many_as_declared(length in 1..64_usize, ordinal in 0..400_usize) {
            let (text, _) = made(&Variant::Typical, &column("bit", &format!("bit({length})")), 1, ordinal);
            prop_assert_eq!(text.len(), length);
        }
    }

    #[test]
    fn days_become_dates() {
        assert_eq!(
            (civil(0), civil(19_723), civil(11_016)),
            ("1970-01-01".into(), "2024-01-01".into(), "2000-02-29".into())
        );
        assert_eq!(day(Moment::Future), 47_117);
        assert_eq!(civil(47_117), "2099-01-01");
    }

    #[test]
    fn json_is_json_and_holds_its_canary() {
        for shape in [JsonShape::Object(vec!["it's \"odd\"".to_owned()]), JsonShape::Array, JsonShape::Text] {
            let (text, canary) = made(&Variant::Json(shape), &column("jsonb", "jsonb"), 5, 2);
            let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(parsed.to_string().contains(&canary.unwrap()));
        }
    }
}
