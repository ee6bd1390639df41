//! Who signs in: the table of users, the profiles that extend it, and the columns that hold a user's id.

use super::names::{
    OTHER_USER_COLUMN, any_of, names_billing, names_no_membership, names_people, people_rank, singular, table_words,
    user_column_rank, words,
};
use super::reading::{Reading, cascades, foreign_key_of, is_identifier, is_unique, single_key};
use crate::catalog::{ForeignKey, QualifiedName, Table};
use crate::tenancy::Profile;

/// What is known about users.
#[derive(Debug, Default)]
pub(super) struct Users {
    /// The table whose rows are users, and its key.
    pub(super) table: Option<(QualifiedName, String)>,
    /// Tables with one row a user.
    pub(super) extensions: Vec<Extension>,
    /// The type of a user's id; `None` where nothing tells.
    key_type: Option<String>,
}

/// A table with one row a user.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) table: QualifiedName,
    /// The column with the user's id.
    pub(super) column: String,
    /// That column is the table's key.
    pub(super) is_key: bool,
    /// The table's name says that it is about the user: a profile.
    pub(super) is_profile: bool,
}

/// A column that says whose a row is.
#[derive(Debug, Clone)]
pub(super) struct UserColumn {
    pub(super) column: String,
    /// How surely; smaller is surer, see [`user_column_rank`].
    pub(super) rank: usize,
    /// A profile whose own key it holds, where that is not the user's id: the table and the column there.
    pub(super) through: Option<(QualifiedName, String)>,
    pub(super) not_null: bool,
    pub(super) cascades: bool,
    /// A foreign key says so, not the name alone.
    pub(super) referring: bool,
}

impl Users {
    /// Finds the users of a schema; `declared` wins.
    pub(super) fn find(reading: &Reading<'_>, declared: Option<(QualifiedName, String)>) -> Self {
        let table = declared.or_else(|| users_table(reading));
        let key_type = table
            .as_ref()
            .and_then(|(name, key)| Some(reading.table(name)?.column(key)?.data_type.unwrapped().name.clone()));
        let mut users = Self { table, extensions: Vec::new(), key_type };
        // A profile may extend a profile.
        for _ in 0..3 {
            let found: Vec<Extension> = reading
                .own_tables()
                .filter(|table| !users.is_known(&table.name))
                .filter_map(|table| users.extension(table))
                .collect();
            if found.is_empty() {
                break;
            }
            users.extensions.extend(found);
        }
        users.extensions.extend(unreferring_profiles(reading, &users));
        users
    }

    fn is_known(&self, name: &QualifiedName) -> bool {
        self.table.as_ref().is_some_and(|(users, _)| users == name) || self.extension_of(name).is_some()
    }

    /// The profile that this table is.
    pub(super) fn extension_of(&self, name: &QualifiedName) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.table == *name)
    }

    /// Whether the table is the users' own, or a profile by its name.
    pub(super) fn is_people(&self, name: &QualifiedName) -> bool {
        self.table.as_ref().is_some_and(|(users, _)| users == name)
            || self.extension_of(name).is_some_and(|extension| extension.is_profile)
    }

    /// `table` as one with a row a user: its key or a unique column refers to the users.
    fn extension(&self, table: &Table) -> Option<Extension> {
        let referring = table.foreign_keys.iter().find_map(|foreign_key| {
            let [column] = foreign_key.columns.as_slice() else { return None };
            let [referenced] = foreign_key.referenced_columns.as_slice() else { return None };
            let is_key = single_key(table) == Some(column.as_str())
                && table.primary_key.as_ref().is_none_or(|key| key.columns == [column.clone()]);
            let names_user = is_key || user_column_rank(column).is_some_and(|rank| rank <= 2);
            (self.holds_user_id(&foreign_key.referenced_table, referenced) && names_user && is_unique(table, &[column]))
                .then(|| (column.clone(), is_key))
        });
        let (column, is_key) = referring?;
        let name = &table.name.name;
        // `patients` whose key is the user's are people, `subscriptions` and `user_settings` are not.
        let is_profile = names_people(name) || (is_key && !names_billing(name) && !names_no_membership(name));
        Some(Extension { table: table.name.clone(), column, is_key, is_profile })
    }

    /// Whether this column of this table holds a user's id.
    fn holds_user_id(&self, table: &QualifiedName, column: &str) -> bool {
        self.table.as_ref().is_some_and(|(users, key)| users == table && key == column)
            || self.extension_of(table).is_some_and(|extension| extension.column == column)
    }

    /// Whether a foreign key is to a user's id.
    pub(super) fn holds_user(&self, foreign_key: &ForeignKey) -> bool {
        let [column] = foreign_key.referenced_columns.as_slice() else { return false };
        self.holds_user_id(&foreign_key.referenced_table, column)
    }

    /// The columns of `table` that say whose a row is, the surest first.
    pub(super) fn columns_of(&self, table: &Table) -> Vec<UserColumn> {
        let mut columns: Vec<UserColumn> = table
            .columns
            .iter()
            .filter_map(|column| {
                let rank = user_column_rank(&column.name)?;
                let foreign_key = foreign_key_of(table, &column.name);
                let Some(foreign_key) = foreign_key else {
                    return self.by_name(table, &column.name, rank);
                };
                let referenced = foreign_key.referenced_columns.first()?;
                let found = UserColumn {
                    column: column.name.clone(),
                    rank: if names_row_of(&column.name, &foreign_key.referenced_table) { rank.min(2) } else { rank },
                    through: None,
                    not_null: column.not_null,
                    cascades: cascades(foreign_key),
                    referring: true,
                };
                if self.holds_user_id(&foreign_key.referenced_table, referenced) {
                    return Some(found);
                }
                let extension = self.extension_of(&foreign_key.referenced_table)?;
                extension.is_profile.then(|| UserColumn {
                    through: Some((foreign_key.referenced_table.clone(), referenced.clone())),
                    ..found
                })
            })
            .collect();
        columns.sort_by_key(|found| (found.rank, !found.not_null, !found.referring, !found.cascades));
        columns
    }

    /// A column that holds a user's id by its name and type alone.
    fn by_name(&self, table: &Table, name: &str, rank: usize) -> Option<UserColumn> {
        let column = table.column(name)?;
        let data_type = column.data_type.unwrapped();
        // The users' own key and that of a profile are no reference.
        if rank >= OTHER_USER_COLUMN || !is_identifier(column) || single_key(table) == Some(name) && rank > 0 {
            return None;
        }
        let fits = match self.key_type.as_deref() {
            // Identity providers outside the database have ids of their own, in text.
            Some(key_type) => data_type.name == key_type || (data_type.is_text() && rank == 0),
            None => true,
        };
        let is_id = data_type.name == "uuid" || any_of(&words(name), &["id", "uid", "userid"]) || rank == 0;
        (fits && is_id).then(|| UserColumn {
            column: name.to_owned(),
            rank,
            through: None,
            not_null: column.not_null,
            cascades: false,
            referring: false,
        })
    }
}

/// Whether a column is named after the table that it refers to: `patient_id` after `patients`.
fn names_row_of(column: &str, table: &QualifiedName) -> bool {
    let mut column: Vec<String> = words(column).iter().map(|word| singular(word)).collect();
    column.retain(|word| word != "id");
    let table = table_words(&table.name);
    !column.is_empty() && table.ends_with(&column)
}

/// The table whose rows are users.
fn users_table(reading: &Reading<'_>) -> Option<(QualifiedName, String)> {
    let auth = QualifiedName::new("auth", "users");
    if let Some(table) = reading.table(&auth).filter(|_| reading.profile == Profile::Supabase) {
        return Some((auth, single_key(table)?.to_owned()));
    }
    let candidates = reading.own_tables().filter(|table| names_people(&table.name.name)).filter_map(|table| {
        let key = single_key(table)?;
        let referring = reading
            .referrers(&table.name)
            .iter()
            .filter(|(_, foreign_key)| foreign_key.columns.iter().any(|column| user_column_rank(column).is_some()))
            .count();
        let is_user = people_rank(&table.name.name) < 20;
        let signs_in = table
            .columns
            .iter()
            .any(|column| any_of(&words(&column.name), &["email", "password", "username", "login"]));
        // `customers` of a shop or `accounts` of a company sign in nowhere.
        (is_user || (signs_in && referring > 0)).then_some((
            people_rank(&table.name.name),
            usize::MAX - referring,
            table,
            key,
        ))
    });
    let best = candidates.min_by(|left, right| (left.0, left.1, &left.2.name).cmp(&(right.0, right.1, &right.2.name)));
    best.map(|(_, _, table, key)| (table.name.clone(), key.to_owned()))
}

/// Profiles whose key is the user's id though no foreign key says so: their name is a profile's, and the schema
/// compares the key with the caller's id.
fn unreferring_profiles(reading: &Reading<'_>, users: &Users) -> Vec<Extension> {
    let Some((users_table, _)) = &users.table else { return Vec::new() };
    let compared = |table: &Table, key: &str| {
        reading.uses.iter().any(|found| {
            found.source.path == ["sub"]
                && found.table.as_ref() == Some(&table.name)
                && found.column.as_deref() == Some(key)
        })
    };
    let candidates = reading.own_tables().filter(|table| {
        table.name != *users_table && users.extension_of(&table.name).is_none() && names_people(&table.name.name)
    });
    candidates
        .filter_map(|table| {
            let key = single_key(table)?;
            let same_type = table
                .column(key)
                .is_some_and(|column| Some(&column.data_type.unwrapped().name) == users.key_type.as_ref());
            let refers = foreign_key_of(table, key).is_some();
            (same_type && !refers && compared(table, key)).then(|| Extension {
                table: table.name.clone(),
                column: key.to_owned(),
                is_key: true,
                is_profile: true,
            })
        })
        .collect()
}
