//! Files of Supabase Storage: rows of `storage.objects` in every bucket, named after each convention that policies follow.

use super::error::PopulateError;
use super::insert::{literal, values_of};
use super::refusal::reason;
use super::work::Work;
use crate::catalog::{Identity, QualifiedName, Table, quote_identifier, quote_literal};
use crate::postgres::{SqlError, StatementResult};
use crate::tenancy::Profile;
use crate::world::Values;
use crate::world::making::MadeRow;

/// A bucket for a schema with rules about files and none to keep them in.
const BUCKET: &str = "seaworthy";

impl Work<'_> {
    pub(super) async fn fill_storage(&mut self) -> Result<(), PopulateError> {
        let name = QualifiedName::new("storage", "objects");
        let buckets = QualifiedName::new("storage", "buckets");
        let (Some(objects), Some(of_buckets)) = (self.catalog.table(&name), self.catalog.table(&buckets)) else {
            return Ok(());
        };
        if self.intent.profile != Profile::Supabase || self.people.places.is_empty() || self.has_files {
            return Ok(());
        }
        self.has_files = true;
        // Older storage schemas have no public buckets.
        let public = if of_buckets.column("public").is_some() { "public" } else { "false" };
        let sql = format!("select id, {public} from storage.buckets order by id");
        let Ok(results) = self.attempt(&buckets, &sql).await? else { return Ok(()) };
        let rows = results.into_iter().next().unwrap_or_default().rows;
        let public = rows.iter().filter(|row| row.get(1).and_then(Option::as_deref) == Some("t"));
        self.world.public_buckets = public.filter_map(|row| row.first().cloned().flatten()).collect();
        let mut ids: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        if ids.is_empty() && !objects.policies.is_empty() {
            let sql = format!("insert into storage.buckets (id, name) values ({0}, {0})", quote_literal(BUCKET));
            if self.attempt(&buckets, &sql).await?.is_ok() {
                ids.push(BUCKET.to_owned());
            }
        }
        for bucket in ids {
            // Tables may refer to buckets too.
            let values = Values::from([("id".to_owned(), Some(bucket.clone()))]);
            self.store.entry(buckets.clone()).or_default().push(MadeRow { values, ..MadeRow::default() });
            self.fill_bucket(objects, &bucket).await?;
        }
        Ok(())
    }

    async fn fill_bucket(&mut self, objects: &Table, bucket: &str) -> Result<(), PopulateError> {
        let files = self.files(objects, bucket);
        let statements: Vec<String> = files.iter().map(|(_, values, _)| insert(objects, values)).collect();
        let together = self.attempt(&objects.name, &statements.join("; ")).await?;
        let mut refused = None;
        for (place, (tenant, _, canary)) in files.into_iter().enumerate() {
            let row = match &together {
                Ok(results) => results.get(place).map(values_of),
                Err(_) => match statements.get(place) {
                    Some(sql) => match self.insert_file(objects, sql).await? {
                        Ok(results) => results.first().map(values_of),
                        Err(error) => {
                            refused.get_or_insert(error);
                            None
                        }
                    },
                    None => None,
                },
            };
            if let Some(values) = row.and_then(|rows| rows.into_iter().next()) {
                let canaries = vec![("name".to_owned(), canary)];
                let made = MadeRow { tenant: Some(tenant), seat: None, listed: true, values, canaries };
                self.store.entry(objects.name.clone()).or_default().push(made);
            }
        }
        if let Some(error) = refused {
            self.gap(&objects.name, format!("bucket {bucket}: {error}"));
        }
        Ok(())
    }

    /// Inserts a file, with the triggers off where they refuse it: they speak to services that are not there.
    async fn insert_file(
        &mut self,
        objects: &Table,
        sql: &str,
    ) -> Result<Result<Vec<StatementResult>, SqlError>, PopulateError> {
        let refused = match self.attempt(&objects.name, sql).await? {
            Ok(results) => return Ok(Ok(results)),
            Err(refused) => refused,
        };
        let quiet =
            format!("set local session_replication_role = replica; {sql}; set local session_replication_role = origin");
        let tried = self.attempt(&objects.name, &quiet).await?;
        if tried.is_ok() {
            let note =
                format!("files went in with the triggers of {} switched off: {}", objects.name, reason(&refused));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(tried.map(|results| results.into_iter().skip(1).collect()).map_err(|_| refused))
    }

    /// Each tenant's files in this bucket: tenant, values, canary.
    fn files(&self, objects: &Table, bucket: &str) -> Vec<(usize, Values, String)> {
        let mut files = Vec::new();
        for (tenant, place) in self.people.places.iter().enumerate() {
            let user = self.people.seats.get(place.first).and_then(|seat| seat.id.clone()).unwrap_or_default();
            let mut folders = vec![user.clone()];
            for id in place.ids.values().filter(|id| **id != user) {
                folders.push(id.clone());
                folders.push(format!("{id}/{user}"));
            }
            for (number, folder) in folders.into_iter().enumerate() {
                let label = place.label.to_lowercase();
                let digits = self.entropy.hex(&["file", bucket, &label, &number.to_string()], 12);
                let canary = format!("canary-{label}-{digits}");
                let known = [
                    ("id", self.entropy.uuid(&["file", bucket, &label, &number.to_string()])),
                    ("bucket_id", bucket.to_owned()),
                    ("name", format!("{folder}/{canary}.txt")),
                    ("owner", user.clone()),
                    ("owner_id", user.clone()),
                    ("metadata", "{\"size\": 4, \"mimetype\": \"text/plain\"}".to_owned()),
                ];
                let writable = |name: &str| {
                    objects.column(name).is_some_and(|column| column.is_writable() && column.identity == Identity::No)
                };
                let values: Values = known
                    .into_iter()
                    .filter(|(name, _)| writable(name))
                    .map(|(name, text)| (name.to_owned(), Some(text)))
                    .collect();
                files.push((tenant, values, canary));
            }
        }
        files
    }
}

fn insert(table: &Table, values: &Values) -> String {
    let names: Vec<String> = values.keys().map(|name| quote_identifier(name)).collect();
    let texts: Vec<String> = values.values().map(|text| literal(text.as_deref())).collect();
    format!("insert into {} ({}) values ({}) returning *", table.name.quoted(), names.join(", "), texts.join(", "))
}
