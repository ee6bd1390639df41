//! How deep a statement nests. The parser recurses, and a stack that overflows would end the whole run: what nests deeper than anybody
//! writes is not parsed, and has no line.

use crate::project::{Kind, Token, tokens};

/// Measured: 400 levels of anything fit into the 2 MB of a thread, even without optimisation.
const DEEPEST: usize = 300;

/// Words that a parse nests by, beside brackets and signs.
const CHAINS: [&str; 8] = ["not", "or", "and", "union", "except", "intersect", "join", "case"];

/// The signs of operators.
const OPERATORS: [char; 17] = ['|', '-', '+', '*', '/', ':', '=', '<', '>', '#', '@', '&', '?', '^', '%', '!', '~'];

/// Whether a statement or a block can be parsed on a small stack.
pub(super) fn is_parsable(sql: &str) -> bool {
    // Nothing nests more often than it has letters.
    if sql.len() <= DEEPEST {
        return true;
    }
    // A count of chained operators for each open bracket: they nest up to the next comma or bracket.
    let mut open: Vec<usize> = vec![0];
    let mut blocks: usize = 0;
    let mut nested = 0;
    let mut last: Option<Token<'_>> = None;
    for token in tokens(sql) {
        match (token.kind, token.text) {
            (Kind::Sign, "(" | "[") => {
                nested += 1;
                open.push(0);
            }
            (Kind::Sign, ")" | "]") if open.len() > 1 => nested -= 1 + open.pop().unwrap_or_default(),
            (Kind::Sign, "," | ";") => nested -= open.last_mut().map(std::mem::take).unwrap_or_default(),
            (Kind::Sign, sign) if sign.starts_with(OPERATORS) => nested += chained(&mut open),
            (Kind::Word, word) if CHAINS.iter().any(|chain| word.eq_ignore_ascii_case(chain)) => {
                nested += chained(&mut open);
            }
            (Kind::Word, _) => blocks = after(blocks, token, last),
            _ => {}
        }
        if nested + blocks > DEEPEST {
            return false;
        }
        last = Some(token);
    }
    true
}

/// One more operator at the innermost bracket.
fn chained(open: &mut [usize]) -> usize {
    open.last_mut().map_or(0, |operators| {
        *operators += 1;
        1
    })
}

/// How many blocks of PL/pgSQL are open behind a token.
fn after(blocks: usize, token: Token<'_>, last: Option<Token<'_>>) -> usize {
    let begins =
        last.is_none_or(|last| last.is_sign(";") || ["then", "else", "begin", "loop"].iter().any(|word| last.is(word)));
    let ended = last.is_some_and(|last| last.is("end"));
    if token.is("begin") || (token.is("if") && begins) || (token.is("loop") && !ended) {
        blocks + 1
    } else if token.is("end") {
        blocks.saturating_sub(1)
    } else {
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_can_be_parsed() {
        let columns = vec!["a text default 'x'::text check (a = 'x' or a = 'y')"; 2_000].join(",\n");
        assert!(is_parsable(&format!("create table t ({columns})")));
        let body = "if not exists (select 1) then create type t as enum ('a'); end if; ".repeat(2_000);
        assert!(is_parsable(&format!("begin {body} end")));
    }

    #[test]
    fn what_would_overflow_the_stack_cannot() {
        let deep = [
            format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
            format!("select {}true", "not ".repeat(5_000)),
            format!("select {}1{}", "case when a then ".repeat(5_000), " end".repeat(5_000)),
            vec!["a"; 5_000].join(" || "),
            vec!["a"; 5_000].join(" @> "),
            format!("begin {} null; {} end", "if a then ".repeat(5_000), "end if; ".repeat(5_000)),
        ];
        assert!(deep.iter().all(|sql| !is_parsable(sql)));
    }
}
