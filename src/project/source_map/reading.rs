use squawk_syntax::ast::normalize_name_node;
use squawk_syntax::{SyntaxKind, SyntaxNode};

/// How many bytes of a name Postgres keeps (`NAMEDATALEN - 1`).
pub(super) const LONGEST_NAME: usize = 63;

/// Stands for what is known only when a block runs; a name that holds it is nobody's. A letter to the lexer, and of the private use area,
/// so that no file has it in a name.
pub(super) const UNKNOWN: char = '\u{e000}';

/// A parsed text, and the line of its file that it begins on.
pub(super) struct Text<'a> {
    pub(super) sql: &'a str,
    pub(super) first_line: usize,
}

impl Text<'_> {
    /// The line of the file that a node begins on; comments before it do not count.
    pub(super) fn line(&self, node: &SyntaxNode) -> usize {
        let tokens = node.descendants_with_tokens().filter_map(|element| element.into_token());
        let first = tokens.into_iter().find(|token| !token.kind().is_trivia());
        let range = first.map_or_else(|| node.text_range(), |token| token.text_range());
        self.line_at(usize::from(range.start()))
    }

    pub(super) fn line_at(&self, offset: usize) -> usize {
        let passed = self.sql.get(..offset).unwrap_or_default();
        self.first_line + passed.bytes().filter(|&byte| byte == b'\n').count()
    }
}

/// The name that a node spells, as the server folds and cuts it; `None` where only running would tell.
pub(super) fn identifier(node: &SyntaxNode) -> Option<String> {
    let mut name = normalize_name_node(node);
    name.truncate(cut(&name, LONGEST_NAME));
    (!name.is_empty() && !name.contains(UNKNOWN)).then_some(name)
}

/// How much of a name fits into so many bytes.
pub(super) fn cut(name: &str, most: usize) -> usize {
    if name.len() <= most {
        return name.len();
    }
    (0..=most).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0)
}

/// The parts of the first dotted name in a node.
pub(super) fn path(node: &SyntaxNode) -> Option<Vec<String>> {
    let path = node.descendants().find(|one| matches!(one.kind(), SyntaxKind::PATH | SyntaxKind::PATH_REF))?;
    let segment = |one: &SyntaxNode| matches!(one.kind(), SyntaxKind::PATH_SEGMENT | SyntaxKind::PATH_SEGMENT_REF);
    path.descendants().filter(segment).map(|one| identifier(&one)).collect()
}

/// The first child of a kind.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// Whether a statement says `if not exists`.
pub(super) fn if_not_exists(node: &SyntaxNode) -> bool {
    child(node, SyntaxKind::IF_NOT_EXISTS).is_some()
}

/// The names of the nodes of a kind below a node.
pub(super) fn names_below(node: &SyntaxNode, kind: SyntaxKind) -> Vec<String> {
    node.descendants().filter(|one| one.kind() == kind).filter_map(|one| identifier(&one)).collect()
}
