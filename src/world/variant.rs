/// One way to fill a column. Rows make their own value of it: see [`super::value::cell`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Variant {
    /// Left to the server: the default, or null.
    Default,
    /// Null.
    Null,
    /// What keys and references say.
    Assigned,
    /// This text, in every row.
    Fixed(String),
    /// What a column of this type usually holds, another in each row.
    Typical,
    /// A text with a canary, shaped so.
    Text(Shape),
    /// A text that matches this regular expression.
    Pattern(String),
    /// JSON with a canary, shaped so.
    Json(JsonShape),
    /// A moment.
    Moment(Moment),
    /// An array of so many usual elements.
    Items(usize),
}

/// How a canary stands in a text. All are in lower case but where said, so that most patterns let them pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `canary-a-0123456789ab`.
    Dashed,
    /// `canary_a_0123456789ab`.
    Underscored,
    /// `canarya0123456789ab`.
    Compact,
    /// `CANARYA0123456789AB`.
    Upper,
    /// Exactly so many characters.
    Exact(usize),
    /// `canary-a-0123456789ab@example.com`.
    Email,
    /// `https://example.com/canary-a-0123456789ab`.
    Link,
    /// A number of the range set aside for fiction; no canary.
    Phone,
}

/// What JSON is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonShape {
    /// An object with these keys beside the canary's.
    Object(Vec<String>),
    /// An array.
    Array,
    /// A string.
    Text,
    /// A number.
    Number,
    /// Nothing but the braces.
    EmptyObject,
    /// Nothing but the brackets.
    EmptyArray,
}

/// When. Each is days apart from row to row, so that ranges built from a beginning and an end do not touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// In 2024.
    Past,
    /// A day after [`Moment::Past`] of the same row.
    PastEnd,
    /// In 2040.
    Soon,
    /// A day after [`Moment::Soon`] of the same row.
    SoonEnd,
    /// In 2099.
    Future,
    /// In 1984.
    Long,
}
