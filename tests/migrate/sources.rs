use super::*;
use std::path::Path;

use seaworthy::catalog::{Catalog, QualifiedName};
use seaworthy::postgres::introspect::introspect;
use seaworthy::project::{SourceMap, Standing};
use seaworthy::verdict::{ObjectKind, ObjectRef, Source};

/// What a server made of files, and where those say so.
struct Read {
    catalog: Catalog,
    sources: SourceMap,
    project: Project,
}

impl Read {
    async fn folder(folder: &Path, profile: Profile) -> Option<Self> {
        let cluster = Cluster::shared()?;
        let settings = SystemSettings::default();
        let project = discover(folder, &settings).unwrap();
        let options = ApplyOptions::new(profile, &project, &settings);
        let mut session = cluster.database().await;
        let applied = apply(&mut session, &project, &options, &|_| ()).await.unwrap();
        assert_eq!(applied.failures, []);
        let catalog = introspect(&mut session).await.unwrap();
        session.close().await;
        let standing =
            project.migrations.iter().map(|file| Standing { path: &file.path, sql: &file.sql, before: None });
        let sources = SourceMap::read(standing);
        Some(Self { catalog, sources, project })
    }

    fn source(&self, kind: ObjectKind, schema: &str, name: &str, sub: Option<&str>) -> Option<Source> {
        let object = ObjectRef { kind, schema: schema.to_owned(), name: name.to_owned(), sub: sub.map(str::to_owned) };
        self.sources.of(&object)
    }

    fn text(&self, source: &Source) -> &str {
        let file = self.project.migrations.iter().find(|file| file.path == source.file).unwrap();
        file.sql.lines().nth(source.line - 1).unwrap()
    }

    /// Fails unless the line of an object mentions what it is expected to.
    fn mentions(&self, kind: ObjectKind, name: &QualifiedName, sub: Option<&str>, expected: &str) {
        let source = self.source(kind, &name.schema, &name.name, sub);
        let source = source.unwrap_or_else(|| panic!("{name} ({sub:?}) has no source"));
        let text = self.text(&source);
        assert!(text.contains(expected), "{name} ({sub:?}) is said to be at {}:{}: {text}", source.file, source.line);
    }
}

#[tokio::test]
async fn everything_that_the_migrations_of_a_system_make_has_the_line_that_says_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/raptorflow");
    let Some(read) = Read::folder(&folder, Profile::Supabase).await else { return };
    let own = |schema: &str| ["public", "private", "app"].contains(&schema);
    let (mut policies, mut views, mut triggers) = (0, 0, 0);
    for table in read.catalog.tables.iter().filter(|table| own(&table.name.schema)) {
        let kind = if table.definition.is_some() { ObjectKind::View } else { ObjectKind::Table };
        views += usize::from(kind == ObjectKind::View);
        read.mentions(kind, &table.name, None, &table.name.name);
        for policy in &table.policies {
            policies += 1;
            read.mentions(kind, &table.name, Some(&policy.name), &format!("create policy {}", policy.name));
        }
        for trigger in &table.triggers {
            triggers += 1;
            read.mentions(kind, &table.name, Some(&trigger.name), &trigger.name);
        }
        for index in table.indexes.iter().filter(|index| !index.constraint) {
            read.mentions(kind, &table.name, Some(&index.name), &index.name);
        }
        for column in table.columns.iter().filter(|_| kind == ObjectKind::Table) {
            read.mentions(kind, &table.name, Some(&column.name), &column.name);
        }
        for key in &table.foreign_keys {
            read.mentions(kind, &table.name, Some(&key.name), "references");
        }
        for check in &table.checks {
            read.mentions(kind, &table.name, Some(&check.name), "check (");
        }
    }
    for function in read.catalog.functions.iter().filter(|function| own(&function.name.schema)) {
        let name = QualifiedName::new(&function.name.schema, &function.signature);
        read.mentions(ObjectKind::Function, &name, None, &function.name.name);
    }
    assert!(policies > 20 && views > 0 && triggers > 5, "{policies} policies, {views} views, {triggers} triggers");
    assert_eq!(read.source(ObjectKind::Table, "auth", "users", None), None, "the platform's own");
}

/// Each line holds one thing without a name, and says so in a comment that no other line has.
const UNNAMED: &str = "create table a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr (
    id int primary key, -- key
    a_column_with_a_rather_long_name int references other (id), -- first
    b int unique, -- unique
    c int check (c > 0), -- one
    d int check (length(e) > d), -- two
    e text,
    foreign key (b, c) references pairs (b, c), -- pair
    unique (c, d), -- both
    check (e <> ''), -- three
    check (c <> 7), -- four
    exclude using btree (d with =) -- excluded
);
create index on a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr (b, lower(e)); -- lowered
create index on a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr ((b + c)); -- summed
create index on a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr (b); -- plain
create index on a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr (b) where c > 1; -- partial
alter table a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr add foreign key (b) references other; -- later
alter table a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr add foreign key (b) references other; -- again
";

#[tokio::test]
async fn what_has_no_name_in_its_file_is_found_by_the_one_that_the_server_gave() {
    let sql = format!(
        "create table other (id int primary key); create table pairs (b int, c int, primary key (b, c));\n{UNNAMED}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1_a.sql"), sql).unwrap();
    let Some(read) = Read::folder(folder.path(), Profile::Plain).await else { return };
    let table = read.catalog.tables.iter().find(|table| table.name.name.starts_with("a_table")).unwrap();
    let mut found: Vec<&str> = Vec::new();
    let names = table.primary_key.iter().chain(&table.uniques).map(|key| &key.name);
    let names = names.chain(table.foreign_keys.iter().map(|key| &key.name));
    let names = names.chain(table.checks.iter().map(|check| &check.name));
    let names = names.chain(table.exclusions.iter().map(|exclusion| &exclusion.name));
    let names = names.chain(table.indexes.iter().filter(|index| !index.constraint).map(|index| &index.name));
    for name in names {
        let source = read.source(ObjectKind::Table, "public", &table.name.name, Some(name)).unwrap();
        found.push(read.text(&source).rsplit_once("-- ").unwrap_or_else(|| panic!("{name} is not told apart")).1);
    }
    found.sort_unstable();
    let mut expected: Vec<&str> = UNNAMED.lines().filter_map(|line| Some(line.rsplit_once("-- ")?.1)).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
