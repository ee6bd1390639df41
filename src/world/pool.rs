use super::constants::Constants;
use super::entropy::Entropy;
use super::naming::{Nature, is_integer, is_moment, is_number, unwelcome, wanted_flag};
use super::pattern;
use super::value::length_limit;
use super::variant::{JsonShape, Moment, Shape, Variant};
use crate::catalog::{Column, Generated, Identity, TypeKind};

/// What is known about a column when its variants are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) column: &'a Column,
    pub(crate) nature: Nature,
    /// The constants of the constraints that it is in.
    pub(crate) constants: &'a Constants,
    /// Its table says who belongs where.
    pub(crate) membership: bool,
}

/// Most numbers taken from one column's constraints.
const MOST_NUMBERS: usize = 24;
const MOST_VARIANTS: usize = 60;

/// The ways to fill a column, the best first. Constraints are not looked at beyond their constants: the server says what
/// satisfies them.
pub(crate) fn pool(facts: &Facts<'_>) -> Vec<Variant> {
    let column = facts.column;
    if column.generated != Generated::No || column.identity != Identity::No {
        return vec![Variant::Default];
    }
    let mut variants = by_type(facts);
    let has_default = column.default.is_some() || domain_default(column);
    if has_default && !variants.contains(&Variant::Default) {
        let first = default_comes_first(facts);
        variants.insert(if first { 0 } else { variants.len() }, Variant::Default);
    }
    if !is_required(column) {
        let absent = facts.nature == Nature::OutOfUse && column.data_type.unwrapped().name != "bool";
        variants.insert(if absent { 0 } else { variants.len() }, Variant::Null);
    }
    variants.dedup();
    let mut unique: Vec<Variant> = Vec::with_capacity(variants.len());
    for variant in variants {
        if !unique.contains(&variant) {
            unique.push(variant);
        }
    }
    let last = unique.split_off(unique.len().min(MOST_VARIANTS));
    unique.extend(last.into_iter().filter(|variant| matches!(variant, Variant::Null | Variant::Default)));
    unique
}

/// Whether null is refused, by the column or by its domain.
pub(crate) fn is_required(column: &Column) -> bool {
    column.not_null || matches!(&column.data_type.kind, TypeKind::Domain { not_null: true, .. })
}

fn domain_default(column: &Column) -> bool {
    matches!(&column.data_type.kind, TypeKind::Domain { default: Some(_), .. })
}

/// The text of a default that is a constant: `'draft'::text`.
fn default_text(column: &Column) -> Option<String> {
    Constants::of(column.default.as_deref()?).texts.into_iter().next()
}

/// Texts and JSON take a canary rather than their default; a state keeps its default unless that is unwelcome.
fn default_comes_first(facts: &Facts<'_>) -> bool {
    let data_type = facts.column.data_type.unwrapped();
    if matches!(facts.nature, Nature::State | Nature::Visibility) || matches!(data_type.kind, TypeKind::Enumeration(_))
    {
        let harmless =
            default_text(facts.column).is_none_or(|text| unwelcome(facts.nature, &text, true, facts.membership) <= 0);
        return harmless && data_type.name != "bool";
    }
    if data_type.name == "bool" {
        return wanted_flag(facts.column).is_none();
    }
    let takes_canary = data_type.is_text() || data_type.is_json() || holds_text(facts);
    !takes_canary && data_type.name != "uuid" && facts.nature != Nature::End
}

/// An array of texts.
fn holds_text(facts: &Facts<'_>) -> bool {
    matches!(&facts.column.data_type.unwrapped().kind, TypeKind::Array(element) if element.is_text())
}

fn by_type(facts: &Facts<'_>) -> Vec<Variant> {
    let data_type = facts.column.data_type.unwrapped();
    match &data_type.kind {
        TypeKind::Enumeration(labels) => listed(facts, labels),
        TypeKind::Array(element) => arrays(facts, element.unwrapped().is_text()),
        TypeKind::Base if data_type.name == "bool" => {
            let wanted = wanted_flag(facts.column).unwrap_or(false);
            vec![Variant::Fixed(wanted.to_string()), Variant::Fixed((!wanted).to_string())]
        }
        TypeKind::Base if data_type.is_text() => texts(facts),
        TypeKind::Base if data_type.is_json() => documents(facts),
        TypeKind::Base if is_moment(data_type) => moments(facts),
        TypeKind::Base if is_number(data_type) => numbers(facts),
        TypeKind::Base => {
            let mut variants = vec![Variant::Typical];
            variants.extend(facts.constants.texts.iter().cloned().map(Variant::Fixed));
            if !KNOWN.contains(&data_type.name.as_str()) {
                let guesses = ["0", "a", "{}", "[]", "(0,0)", "[0]", ""];
                variants.extend(guesses.iter().map(|guess| Variant::Fixed((*guess).to_owned())));
            }
            variants
        }
        TypeKind::Domain { .. } | TypeKind::Range(_) | TypeKind::Multirange(_) | TypeKind::Composite(_) => {
            let mut variants = vec![Variant::Typical];
            variants.extend(facts.constants.texts.iter().cloned().map(Variant::Fixed));
            variants
        }
        TypeKind::Pseudo => vec![Variant::Default],
    }
}

/// Base types whose text form is known, so that no guess is needed.
const KNOWN: &[&str] = &[
    "uuid",
    "bytea",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "bit",
    "varbit",
    "interval",
    "time",
    "timetz",
    "xml",
    "tsvector",
    "tsquery",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "pg_lsn",
    "char",
    "hstore",
    "ltree",
    "vector",
    "halfvec",
    "geometry",
    "geography",
];

/// Values of a list, the most welcome first; the list's own order decides between equals.
fn listed(facts: &Facts<'_>, values: &[String]) -> Vec<Variant> {
    let default = default_text(facts.column);
    let mut ranked: Vec<&String> = values.iter().collect();
    ranked.sort_by_key(|value| unwelcome(facts.nature, value, default.as_ref() == Some(value), facts.membership));
    ranked.into_iter().cloned().map(Variant::Fixed).collect()
}

fn texts(facts: &Facts<'_>) -> Vec<Variant> {
    let constants = facts.constants;
    let list = listed(facts, &constants.texts);
    let mut canaries = match facts.nature {
        Nature::Email => vec![Variant::Text(Shape::Email)],
        Nature::Link => vec![Variant::Text(Shape::Link)],
        Nature::Phone => vec![Variant::Text(Shape::Phone)],
        _ => Vec::new(),
    };
    let shapes = [Shape::Dashed, Shape::Underscored, Shape::Compact, Shape::Upper];
    canaries.extend(shapes.into_iter().map(Variant::Text));
    canaries.extend(lengths(facts).into_iter().map(|length| Variant::Text(Shape::Exact(length))));
    canaries.extend([Shape::Email, Shape::Link].into_iter().map(Variant::Text));
    let patterns = constants
        .patterns
        .iter()
        .filter(|text| pattern::matching(text, Entropy::new(0), &[]).is_some())
        .cloned()
        .map(Variant::Pattern);
    let whole_numbers = numeric_constants(constants, true).into_iter().map(Variant::Fixed);
    let is_state = matches!(facts.nature, Nature::State | Nature::Visibility);
    let mut variants = Vec::new();
    if is_state {
        let usual = if facts.nature == Nature::State { "active" } else { "private" };
        variants.extend(list);
        variants.push(Variant::Fixed(usual.to_owned()));
        variants.extend(canaries);
        variants.extend(patterns);
    } else {
        variants.extend(canaries);
        variants.extend(patterns);
        variants.extend(list);
        variants.extend(whole_numbers);
        variants.extend(USUAL_TEXTS.iter().map(|text| Variant::Fixed((*text).to_owned())));
    }
    // A cast cuts a longer text in silence, and an insert refuses it.
    let limit = length_limit(&facts.column.data_type).unwrap_or(usize::MAX);
    variants.retain(|variant| !matches!(variant, Variant::Fixed(text) if text.chars().count() > limit));
    variants
}

/// For checks that hide their rule in a function: a text of each sort that such rules ask for.
const USUAL_TEXTS: &[&str] = &[
    "a",
    "1",
    "en",
    "US",
    "USD",
    "en-US",
    "#336699",
    "UTC",
    "12:00",
    "2024-01-01",
    "2024-01-01T12:00:00Z",
    "192.0.2.1",
    "1.0.0",
    "/a",
    "text/plain",
    "0 0 * * *",
    "P1D",
    "00000000-0000-4000-8000-000000000000",
    "a.b",
    "{}",
    "[]",
    "0",
    "",
];

/// Lengths to try: near each number of the constraints, as far as the type allows.
fn lengths(facts: &Facts<'_>) -> Vec<usize> {
    let limit = length_limit(&facts.column.data_type);
    let fixed = (facts.column.data_type.unwrapped().name == "bpchar").then_some(limit).flatten();
    let mut lengths: Vec<usize> = fixed.into_iter().collect();
    for number in facts.constants.numbers.iter().filter(|number| (0.0..=5_000.0).contains(*number)) {
        // Truncation is meant: a length is whole.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 5000")]
        let length = *number as usize;
        lengths.extend([length, length + 1, length.saturating_sub(1)]);
    }
    lengths.retain(|length| *length > 0 && limit.is_none_or(|limit| *length <= limit));
    lengths.truncate(MOST_NUMBERS);
    lengths
}

fn documents(facts: &Facts<'_>) -> Vec<Variant> {
    let keys: Vec<String> = facts
        .constants
        .texts
        .iter()
        .filter(|text| !matches!(text.as_str(), "object" | "array" | "string" | "number" | "boolean" | "null"))
        .cloned()
        .collect();
    let object = Variant::Json(JsonShape::Object(Vec::new()));
    let array = Variant::Json(JsonShape::Array);
    let is_array = default_text(facts.column).is_some_and(|text| text.trim_start().starts_with('['));
    let mut variants = if is_array { vec![array, object] } else { vec![object, array] };
    if !keys.is_empty() {
        variants.push(Variant::Json(JsonShape::Object(keys.clone())));
        variants.extend(keys.iter().map(|key| Variant::Json(JsonShape::Object(vec![key.clone()]))));
    }
    let rest = [JsonShape::Text, JsonShape::Number, JsonShape::EmptyObject, JsonShape::EmptyArray];
    variants.extend(rest.into_iter().map(Variant::Json));
    variants
}

fn moments(facts: &Facts<'_>) -> Vec<Variant> {
    let order = if facts.nature == Nature::End {
        [Moment::Future, Moment::SoonEnd, Moment::PastEnd, Moment::Soon, Moment::Past, Moment::Long]
    } else {
        [Moment::Past, Moment::PastEnd, Moment::Long, Moment::Soon, Moment::SoonEnd, Moment::Future]
    };
    let mut variants: Vec<Variant> = order.into_iter().map(Variant::Moment).collect();
    variants.extend(facts.constants.texts.iter().filter(|text| looks_like_a_date(text)).cloned().map(Variant::Fixed));
    variants
}

fn looks_like_a_date(text: &str) -> bool {
    text.len() >= 8 && text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('-')
}

fn numbers(facts: &Facts<'_>) -> Vec<Variant> {
    let mut variants = vec![Variant::Typical];
    let whole = is_integer(&facts.column.data_type);
    variants.extend(numeric_constants(facts.constants, whole).into_iter().map(Variant::Fixed));
    variants.extend(["1", "0", "2", "10", "100", "-1", "1000"].iter().map(|text| Variant::Fixed((*text).to_owned())));
    if !whole {
        variants.extend(["0.5", "0.01"].iter().map(|text| Variant::Fixed((*text).to_owned())));
    }
    variants
}

/// Numbers at, near and between the constants, as text.
fn numeric_constants(constants: &Constants, whole: bool) -> Vec<String> {
    let mut numbers = Vec::new();
    for (index, number) in constants.numbers.iter().enumerate() {
        if let Some(next) = constants.numbers.get(index + 1) {
            // A few steps into each interval: enough for keys over a narrow range to differ from row to row.
            let steps = (1..8).map(|step| number + f64::from(step)).filter(|inner| inner < next);
            numbers.extend(steps);
            numbers.push(((number + next) / 2.0).floor());
        }
        numbers.extend([*number, number + 1.0, number - 1.0]);
    }
    numbers.truncate(MOST_NUMBERS);
    numbers.into_iter().map(|number| if whole { number.floor() } else { number }.to_string()).collect()
}

fn arrays(facts: &Facts<'_>, of_text: bool) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    let element_names: Vec<String> = facts.constants.texts.clone();
    variants.push(Variant::Items(1));
    variants.extend([2, 3].into_iter().map(Variant::Items));
    for number in facts.constants.numbers.iter().filter(|number| (0.0..=64.0).contains(*number)) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 64")]
        let count = *number as usize;
        variants.extend([count, count + 1].map(Variant::Items));
    }
    if of_text {
        let quoted = |text: &String| format!("{{\"{}\"}}", text.replace('\\', "\\\\").replace('"', "\\\""));
        variants.extend(element_names.iter().map(|name| Variant::Fixed(quoted(name))));
    }
    variants.extend(element_names.iter().filter(|text| text.starts_with('{')).cloned().map(Variant::Fixed));
    variants.push(Variant::Items(0));
    variants
}

/// Other values for a column that a trigger reads: what its function speaks of, then what columns of its kind hold.
pub(crate) fn guesses(column: &Column, constants: &Constants) -> Vec<Variant> {
    if column.name.ends_with("meta_data") {
        return ["{\"name\": \"Example\"}", "{}"].iter().map(|text| Variant::Fixed((*text).to_owned())).collect();
    }
    let facts = Facts { column, nature: super::naming::nature(column), constants, membership: false };
    let mut variants = pool(&facts);
    variants.retain(|variant| *variant != Variant::Typical);
    variants.sort_by_key(|variant| !matches!(variant, Variant::Fixed(_)));
    variants.truncate(12);
    variants
}
