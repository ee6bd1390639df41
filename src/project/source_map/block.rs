use squawk_syntax::ast::{self, AstNode, PlpgsqlStmt};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::depth::is_parsable;
use super::reader::Reader;
use super::reading::{Text, UNKNOWN, identifier};
use super::value::{Variables, only_expression};

/// Turns of loops that are followed within one block.
const MOST_TURNS: usize = 2_000;

impl Reader<'_> {
    /// `DO`: the statements in its body as they stand there, whatever the conditions around them, and those that it puts together from
    /// constants. What else it makes has no line of its own.
    pub(super) fn block(&mut self, block: &ast::Do, text: &Text<'_>) {
        let Some(literal) = block.body() else { return };
        if literal.string_value().is_none_or(|body| !is_parsable(&body)) {
            return;
        }
        let Some(body) = block.plpgsql() else { return };
        let inner = Text { sql: body.text(), first_line: text.line(literal.syntax()) };
        let outer = std::mem::replace(&mut self.conditional, true);
        self.steps(&body.syntax(), &inner, &Variables::default(), &mut MOST_TURNS.clone());
        self.conditional = outer;
    }

    /// What is below a node, in order.
    fn steps(&mut self, node: &SyntaxNode, text: &Text<'_>, variables: &Variables, turns: &mut usize) {
        let mut variables = variables.clone();
        for child in node.children() {
            match PlpgsqlStmt::cast(child.clone()) {
                Some(PlpgsqlStmt::PlpgsqlExecSqlStmt(step)) => {
                    step.stmt().into_iter().for_each(|statement| self.statement(&statement, text));
                }
                Some(PlpgsqlStmt::PlpgsqlDynExecuteStmt(step)) => self.execute(&step, text, &variables),
                Some(PlpgsqlStmt::PlpgsqlForEachStmt(each)) => {
                    let array = each.array().and_then(|array| only_expression(array.syntax()));
                    let values = array.and_then(|array| variables.list(&array));
                    self.turns(&child, values, text, &variables, turns);
                }
                Some(PlpgsqlStmt::PlpgsqlForQueryStmt(each)) => {
                    let values = each.query().and_then(|query| variables.rows(query.syntax()));
                    self.turns(&child, values, text, &variables, turns);
                }
                _ if child.kind() == SyntaxKind::PLPGSQL_DECLARE_SECTION => {
                    for declaration in child.children().filter_map(ast::PlpgsqlVarDecl::cast) {
                        variables.declare(&declaration);
                    }
                }
                _ => self.steps(&child, text, &variables, turns),
            }
        }
    }

    /// The body of a loop, once for each value of its variable; once where they are not known.
    fn turns(
        &mut self,
        each: &SyntaxNode,
        values: Option<Vec<String>>,
        text: &Text<'_>,
        variables: &Variables,
        turns: &mut usize,
    ) {
        let named = each.children().find(|one| one.kind() == SyntaxKind::PLPGSQL_FOR_VARIABLE);
        let name = named.and_then(|variable| variable.first_child()).and_then(|name| identifier(&name));
        let body = each.children().find(|one| one.kind() == SyntaxKind::PLPGSQL_BODY);
        let (Some(name), Some(body)) = (name, body) else { return };
        for value in values.unwrap_or_else(|| vec![UNKNOWN.to_string()]) {
            if *turns == 0 {
                return;
            }
            *turns -= 1;
            self.steps(&body, text, &variables.with(&name, &value), turns);
        }
    }

    /// `EXECUTE`: its lines are those of the text, where that is one constant, else that of the statement.
    fn execute(&mut self, step: &ast::PlpgsqlDynExecuteStmt, text: &Text<'_>, variables: &Variables) {
        let Some(query) = step.query().and_then(|query| only_expression(query.syntax())) else { return };
        let sql = variables.text(&query);
        let begin = sql.trim_start();
        let mut literals = query.syntax().descendants_with_tokens().filter(|one| one.kind() == SyntaxKind::LITERAL);
        let first_line = literals
            .next()
            .and_then(|literal| literal.into_node())
            .map_or_else(|| text.line(step.syntax()), |literal| text.line(&literal));
        let skipped = sql.get(..sql.len() - begin.len()).unwrap_or_default().matches('\n').count();
        self.text(&Text { sql: begin, first_line: first_line + skipped });
    }
}
