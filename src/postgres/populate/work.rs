use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::error::PopulateError;
use crate::catalog::{Catalog, QualifiedName, RelationKind, Table};
use crate::postgres::{Session, SqlError, StatementResult};
use crate::tenancy::Intent;
use crate::world::making::{
    Attempt, Context, Entropy, Ground, Node, People, Sort, Step, Store, TablePlan, Wishes, metadata_keys, order,
    principals,
};
use crate::world::{Gap, Tenant, World};

/// A world in the making: one transaction.
pub(super) struct Work<'a> {
    pub(super) session: &'a mut Session,
    pub(super) catalog: &'a Catalog,
    pub(super) intent: &'a Intent,
    pub(super) values: &'a BTreeMap<QualifiedName, BTreeMap<String, String>>,
    pub(super) entropy: Entropy,
    pub(super) people: People,
    pub(super) store: Store,
    pub(super) plans: BTreeMap<QualifiedName, TablePlan<'a>>,
    pub(super) planned: BTreeMap<(QualifiedName, String, Option<usize>, usize), String>,
    pub(super) metadata_keys: BTreeSet<String>,
    pub(super) demand: BTreeMap<QualifiedName, usize>,
    /// Files are there.
    pub(super) has_files: bool,
    /// Tables whose triggers and references are switched off while rows go in, with what a deferred constraint of theirs said.
    pub(super) without_triggers: BTreeMap<QualifiedName, String>,
    /// What was learnt while a table was filled, for the fresh rows.
    pub(super) learnt: BTreeMap<QualifiedName, (Manner, Attempt)>,
    /// What a table's triggers or constraints said last, where nothing helped against it.
    pub(super) refusals: BTreeMap<QualifiedName, String>,
    pub(super) left_for_later: Vec<(QualifiedName, String)>,
    pub(super) world: World,
    pub(super) notes: Vec<String>,
}

/// As whom a row goes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Manner {
    /// As the harness, with no claims.
    #[default]
    Plain,
    /// As the harness, with the claims of the tenant's first user, for triggers that ask who calls.
    Claims,
    /// With triggers and foreign keys switched off.
    WithoutTriggers,
}

/// How it ended.
pub(super) enum Ending {
    /// With a world, and remarks.
    Done(World, Vec<String>),
    /// A constraint that is checked at the end refused; it speaks of one of these tables.
    Refused { tables: BTreeSet<QualifiedName>, source: SqlError },
}

impl<'a> Work<'a> {
    pub(super) fn new(
        session: &'a mut Session,
        catalog: &'a Catalog,
        intent: &'a Intent,
        values: &'a BTreeMap<QualifiedName, BTreeMap<String, String>>,
        seed: u64,
        without_triggers: &BTreeMap<QualifiedName, String>,
    ) -> Self {
        let entropy = Entropy::new(seed);
        Self {
            session,
            catalog,
            intent,
            values,
            entropy,
            people: People::new(catalog, intent, entropy),
            store: Store::new(),
            plans: BTreeMap::new(),
            planned: BTreeMap::new(),
            metadata_keys: metadata_keys(catalog),
            demand: BTreeMap::new(),
            has_files: false,
            without_triggers: without_triggers.clone(),
            learnt: BTreeMap::new(),
            refusals: BTreeMap::new(),
            left_for_later: Vec::new(),
            world: World { seed, ..World::default() },
            notes: Vec::new(),
        }
    }

    pub(super) async fn run(&mut self) -> Result<Ending, PopulateError> {
        let steps = self.plan().await?;
        self.ask_the_rules().await?;
        self.frame("begin the rows' transaction", "begin; set local statement_timeout = '30s'").await?;
        for step in &steps {
            let plan = self.plans.get(&step.table);
            if plan.is_some_and(|plan| plan.references.iter().any(|reference| reference.parent.schema == "storage")) {
                self.fill_storage().await?;
            }
            self.fill(step).await?;
        }
        self.make_up_for_pending().await?;
        self.fill_storage().await?;
        if let Some(refused) = self.check_deferred().await? {
            return Ok(refused);
        }
        self.find_fresh_rows().await?;
        self.read_back().await?;
        self.frame("commit the rows", "commit").await?;
        Ok(Ending::Done(self.finish(), std::mem::take(&mut self.notes)))
    }

    pub(super) fn wishes(&self) -> Wishes<'_> {
        Wishes {
            intent: self.intent,
            people: &self.people,
            values: self.values,
            metadata_keys: &self.metadata_keys,
            demand: &self.demand,
        }
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        Ground { entropy: self.entropy, people: &self.people, store: &self.store, planned: &self.planned }
    }

    /// Runs statements that must not fail.
    pub(super) async fn frame(
        &mut self,
        action: &'static str,
        sql: &str,
    ) -> Result<Vec<StatementResult>, PopulateError> {
        self.session.run(sql).await.map_err(|source| PopulateError::Frame { action, source })
    }

    /// Runs statements that may fail, leaving no trace if they do.
    pub(super) async fn attempt(
        &mut self,
        table: &QualifiedName,
        sql: &str,
    ) -> Result<Result<Vec<StatementResult>, SqlError>, PopulateError> {
        let guarded = format!("savepoint seaworthy_attempt; {sql}; release savepoint seaworthy_attempt");
        match self.session.run(&guarded).await {
            Ok(mut results) => {
                results.pop();
                Ok(Ok(results.into_iter().skip(1).collect()))
            }
            Err(source) if source.is_lost() => Err(PopulateError::Lost { table: table.to_string(), source }),
            Err(mut source) => {
                let undo = "rollback to savepoint seaworthy_attempt; release savepoint seaworthy_attempt";
                self.frame("undo a row that was refused", undo).await?;
                source.completed = source.completed.saturating_sub(1);
                Ok(Err(source))
            }
        }
    }

    async fn plan(&mut self) -> Result<Vec<Step>, PopulateError> {
        let tables = self.tables_to_fill();
        let partitions = self.partitions(&tables).await?;
        let mut referred_to: BTreeMap<&QualifiedName, BTreeSet<String>> = BTreeMap::new();
        for key in self.catalog.tables.iter().flat_map(|table| &table.foreign_keys) {
            referred_to.entry(&key.referenced_table).or_default().extend(key.referenced_columns.iter().cloned());
        }
        let (nothing, none) = (BTreeSet::new(), Vec::new());
        let mut plans = BTreeMap::new();
        for table in tables {
            let pinned = self.wishes().pinned_columns(table);
            let context = Context {
                intent: self.intent.tables.get(&table.name),
                pinned: &pinned,
                referred_to: referred_to.get(&table.name).unwrap_or(&nothing),
                partitions: partitions.get(&table.name).unwrap_or(&none),
            };
            plans.insert(table.name.clone(), TablePlan::new(table, &context));
        }
        self.plans = plans;
        self.count_demand();
        let nodes: Vec<Node<'_>> = self
            .plans
            .values()
            .map(|plan| Node {
                table: &plan.table.name,
                priority: priority(self.wishes().sort(&plan.table.name)),
                references: &plan.references,
            })
            .collect();
        Ok(order(&nodes))
    }

    /// Where each row of a table wants a row of reference data for itself, there must be as many. What is demanded of a
    /// table may be demanded of the next in turn.
    fn count_demand(&mut self) {
        for _ in 0..MOST_LINKS {
            let mut demand: BTreeMap<QualifiedName, usize> = BTreeMap::new();
            let wishes = self.wishes();
            for plan in self.plans.values() {
                let alone = |columns: &[String]| plan.uniques.iter().any(|unique| unique.columns == columns);
                let wanting = plan.references.iter().filter(|reference| {
                    matches!(wishes.sort(&reference.parent), Sort::Free | Sort::Parent)
                        && self.plans.contains_key(&reference.parent)
                        && alone(&reference.columns)
                });
                for reference in wanting {
                    let rows = wishes.drafts(plan.table).len() + wishes.fresh_drafts(plan.table).len();
                    let most = demand.entry(reference.parent.clone()).or_default();
                    *most = rows.max(*most);
                }
            }
            if demand == self.demand {
                break;
            }
            self.demand = demand;
        }
    }

    /// The tables that clients can name and the users', with every table that they refer to.
    fn tables_to_fill(&self) -> Vec<&'a Table> {
        let by_name: BTreeMap<&QualifiedName, &'a Table> =
            self.catalog.tables.iter().map(|table| (&table.name, table)).collect();
        let named = self.intent.tables.keys().chain(self.intent.users.iter().map(|(table, _)| table));
        let mut waiting: VecDeque<&QualifiedName> = named.collect();
        let mut tables: BTreeMap<&QualifiedName, &'a Table> = BTreeMap::new();
        while let Some(name) = waiting.pop_front() {
            let Some(table) = by_name.get(name).copied().filter(|table| self.takes_rows(table, &by_name)) else {
                continue;
            };
            if name.schema != "storage" && tables.insert(&table.name, table).is_none() {
                waiting.extend(table.foreign_keys.iter().map(|key| &key.referenced_table));
            }
        }
        tables.into_values().collect()
    }

    /// Partitions get theirs through the table that they are part of.
    fn takes_rows(&self, table: &Table, by_name: &BTreeMap<&QualifiedName, &'a Table>) -> bool {
        let is_partition = table.parent.as_ref().and_then(|parent| by_name.get(parent));
        table.holds_rows() && is_partition.is_none_or(|parent| parent.kind != RelationKind::Partitioned)
    }

    /// What the partitions of each partitioned table hold, those by hash left out: any value has its place there.
    async fn partitions(&mut self, tables: &[&Table]) -> Result<BTreeMap<QualifiedName, Vec<String>>, PopulateError> {
        let mut constraints: BTreeMap<QualifiedName, Vec<String>> = BTreeMap::new();
        let partitioned: Vec<&&Table> = tables.iter().filter(|table| table.kind == RelationKind::Partitioned).collect();
        for table in partitioned {
            let sql = format!(
                "select pg_get_partition_constraintdef(relid) from pg_partition_tree({}) where isleaf order by relid limit {MOST_PARTITIONS}",
                table.oid
            );
            let rows = self.session.rows(&sql).await;
            let rows = rows.map_err(|source| PopulateError::Frame { action: "read the partitions", source })?;
            let texts: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
            if !texts.iter().any(|text| text.contains("satisfies_hash_partition")) {
                constraints.insert(table.name.clone(), texts);
            }
        }
        Ok(constraints)
    }

    async fn check_deferred(&mut self) -> Result<Option<Ending>, PopulateError> {
        let nowhere = QualifiedName::new("", "the deferred constraints");
        let Err(source) = self.attempt(&nowhere, "set constraints all immediate").await? else {
            return Ok(None);
        };
        let named = |name: &&QualifiedName| source.table.as_ref() == Some(&name.name);
        let mut tables: BTreeSet<QualifiedName> = self.plans.keys().filter(named).cloned().collect();
        if tables.is_empty() {
            // A constraint trigger that raised an exception names no table: switch off those that have one.
            let deferred = |plan: &&TablePlan<'_>| {
                plan.table.triggers.iter().any(|trigger| trigger.definition.contains("CONSTRAINT TRIGGER"))
            };
            tables = self.plans.values().filter(deferred).map(|plan| plan.table.name.clone()).collect();
        }
        Ok(Some(Ending::Refused { tables, source }))
    }

    pub(super) fn gap(&mut self, table: &QualifiedName, reason: String) {
        if self.intent.tables.contains_key(table) {
            let setting = format!("[tables.\"{table}\".values]");
            self.world.gaps.push(Gap { table: table.clone(), reason, setting });
        }
    }

    fn finish(&mut self) -> World {
        let mut world = std::mem::take(&mut self.world);
        world.tenants = self
            .people
            .places
            .iter()
            .map(|place| Tenant { label: place.label.to_owned(), ids: place.ids.clone() })
            .collect();
        world.principals = principals(self.intent, &self.people, self.entropy);
        if world.principals.is_empty() {
            let note =
                "no role but the owner can reach the tables: nobody acts. Name one under [identity] member_roles";
            self.notes.push(note.to_owned());
        }
        world
    }
}

/// More partitions than these tell nothing new about where rows may go.
const MOST_PARTITIONS: usize = 8;

/// More one-to-one references in a row than any schema has.
const MOST_LINKS: usize = 4;

fn priority(sort: Sort) -> u8 {
    match sort {
        Sort::Users => 0,
        Sort::Profiles | Sort::Root(_) => 1,
        Sort::Membership(_) => 2,
        Sort::Free | Sort::Parent => 3,
        Sort::Tied(_) => 4,
    }
}
