use super::super::scene::{Scene, key_condition};
use crate::catalog::Table;
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::world::{Principal, PrincipalKind};

/// The harness itself, with whatever settings mark a trusted server: what is asked here is whether the schema holds, not who may.
pub(super) fn harness(scene: &Scene<'_>) -> Principal {
    Principal {
        name: "harness".to_owned(),
        kind: PrincipalKind::Service,
        user_id: None,
        standings: Vec::new(),
        login_role: None,
        role: String::new(),
        settings: scene.service().map(|service| service.settings.clone()).unwrap_or_default(),
    }
}

/// A probe of one statement.
pub(super) fn probe(part: Part, topic: &str, shape: impl Into<String>, who: &Principal, statement: String) -> SqlProbe {
    SqlProbe {
        part,
        topic: topic.to_owned(),
        shape: shape.into(),
        principal: who.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(statement),
        observe: Vec::new(),
        signal: Signal::Completes,
    }
}

/// A condition for one stored row of `table`, read as `t`: a made one where there is one, else any. By place, so that tables without a
/// key are asked too.
pub(super) fn one_row(scene: &Scene<'_>, table: &Table) -> String {
    let rows = scene.world.rows.get(&table.name).into_iter().flat_map(|rows| &rows.stored);
    let made = rows.filter_map(|row| key_condition(table, row, "s")).next();
    format!(
        "(t.tableoid, t.ctid) = (select s.tableoid, s.ctid from {} as s{} limit 1)",
        table.name.quoted(),
        made.map(|condition| format!(" where {condition}")).unwrap_or_default()
    )
}
