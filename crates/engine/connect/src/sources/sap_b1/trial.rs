//! Tries a connection out: who answers, and what may be read.
//!
//! Reads no more than one key of each entity. Invariant: it leaves no session behind.

use std::sync::Arc;

use futures::StreamExt;

use super::queries::{self, Question};
use super::{Reader, SapB1, answers};
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::http::HttpError;
use crate::source::{Source, StreamTested, Tested};

/// Questions under way at the same time.
const AT_ONCE: usize = 4;

impl SapB1 {
    /// Signs in, looks at each stream, and signs out again.
    ///
    /// # Errors
    /// `Open` when nobody can be signed in: the name, the certificate (its fingerprint is told), user and password, or the company.
    pub(super) async fn try_out(&self) -> Result<Tested, ConnectError> {
        let reader = &self.reader;
        let opened = reader.session.version().await;
        let version = opened
            .map_err(|error| ConnectError::Open { source_name: self.name.clone(), error: Box::new(error) })?;
        // Names of our own: what is borrowed from a closure's argument cannot be held across a question.
        let mut looks: Vec<(String, String, &'static str)> = Vec::new();
        for entity in &self.entities {
            looks.push((entity.stream().to_owned(), entity.path.to_owned(), entity.key));
        }
        for table in &self.tables {
            looks.push((sql_name(table), table.clone(), "Code"));
        }
        let each: Vec<_> =
            looks.into_iter().map(|(name, path, key)| look(reader.clone(), name, path, key)).collect();
        let streams = futures::stream::iter(each).buffered(AT_ONCE).collect().await;
        self.close().await;
        let facts = vec![("company", reader.session.company().to_owned()), ("version", version)];
        Ok(Tested { facts, warnings: Vec::new(), streams })
    }
}

async fn look(reader: Arc<Reader>, name: String, path: String, key: &'static str) -> StreamTested {
    let (is_empty, problem) = match has_rows(&reader, &path, key).await {
        Ok(has_rows) => (!has_rows, None),
        Err(error) => (false, Some(error.to_string())),
    };
    StreamTested { name, is_empty, problem }
}

async fn has_rows(reader: &Reader, path: &str, key: &str) -> Result<bool, HttpError> {
    let question = Question { entity: path, key, select: vec![key.to_owned()], filters: Vec::new(), rows: 1 };
    let mut ask = question.ask();
    ask.path.push_str("&$top=1");
    let answer = queries::answer(reader, &ask).await?;
    Ok(!answers::page(reader.session.host(), &ask, &answer)?.value.is_empty())
}
