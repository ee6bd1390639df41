//! The shapes in which a command is attempted. `UPDATE t SET c = x` passes where `… WHERE id = y` is refused, since reading
//! a column brings the SELECT policy in (Postgres documentation, CREATE POLICY): so every command is tried in several.

mod delete;
mod insert;
mod read;
mod update;

pub use delete::{deletes, put_referring_away, without_triggers};
pub use insert::{insert_columns, insert_statement, inserts};
pub use read::reads;
pub use update::{Assignment, assignable, assignment, updates};

use super::scene::Scene;
use crate::catalog::Table;
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::world::Principal;

/// A statement in one shape.
#[derive(Debug, Clone)]
pub struct Shape {
    /// In words.
    pub name: &'static str,
    /// One that every principal tries, not the first alone.
    pub main: bool,
    /// Statements of the harness before it.
    pub prepare: Vec<String>,
    /// The statement.
    pub act: Act,
    /// What shows that it took effect.
    pub signal: Signal,
}

/// Who tries what in one topic.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The table that it is about.
    pub table: &'a Table,
    /// What is being attempted, in words.
    pub topic: &'a str,
    /// Those who must not.
    pub attackers: &'a [&'a Principal],
    /// Those who may, the most powerful first.
    pub owners: &'a [&'a Principal],
    /// What the harness watches.
    pub observe: Vec<String>,
}

impl Attempt<'_> {
    /// Probes for every shape: controls first, then attacks. The first of each side tries every shape, the others the main ones.
    #[must_use]
    pub fn probes(&self, scene: &Scene<'_>, shapes: &[Shape]) -> Vec<SqlProbe> {
        let mut probes = Vec::new();
        for shape in shapes {
            probes.extend(self.side(Part::Control, self.owners, shape));
            probes.extend(scene.server(self.table).map(|server| self.probe(Part::Service, &server, shape)));
            probes.extend(self.side(Part::Attack, self.attackers, shape));
        }
        probes
    }

    /// One probe.
    #[must_use]
    pub fn probe(&self, part: Part, principal: &Principal, shape: &Shape) -> SqlProbe {
        SqlProbe {
            part,
            topic: self.topic.to_owned(),
            shape: shape.name.to_owned(),
            principal: principal.clone(),
            prepare: shape.prepare.clone(),
            earlier: Vec::new(),
            act: shape.act.clone(),
            observe: self.observe.clone(),
            signal: shape.signal.clone(),
        }
    }

    fn side(&self, part: Part, principals: &[&Principal], shape: &Shape) -> Vec<SqlProbe> {
        let count = if shape.main { principals.len() } else { 1 };
        principals.iter().take(count).map(|principal| self.probe(part, principal, shape)).collect()
    }
}
