//! Tries a connection out: who answers, and what may be read.
//!
//! Reads no more than one key of each entity. Invariant: it leaves no session behind.

use futures::StreamExt;

use super::catalogue::Entity;
use super::queries::{self, Question};
use super::{Reader, SapB1, answers};
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::http::HttpError;
use crate::source::Source;

/// What a look at a company brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Technical name of the company's database.
    pub company: String,
    /// The server's own, as `1000190`.
    pub version: String,
    pub streams: Vec<StreamTested>,
}

/// Whether a stream can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTested {
    pub name: String,
    /// It may be read, but holds nothing.
    pub is_empty: bool,
    /// Why it cannot be read, and what to do.
    pub problem: Option<String>,
}

/// Questions under way at the same time.
const AT_ONCE: usize = 4;

impl SapB1 {
    /// Signs in, looks at each stream, and signs out again.
    ///
    /// # Errors
    /// `Open` when nobody can be signed in: the name, the certificate (its fingerprint is told), user and password, or the company.
    pub async fn test(&self) -> Result<Tested, ConnectError> {
        let reader = &self.reader;
        let opened = reader.session.version().await;
        let version = opened.map_err(|error| ConnectError::Open { source_name: self.name.clone(), error })?;
        let entities = self.entities.iter().map(|entity: &std::sync::Arc<Entity>| {
            (entity.stream().to_owned(), entity.path.to_owned(), entity.key)
        });
        let tables = self.tables.iter().map(|table| (sql_name(table), table.clone(), "Code"));
        let each = entities.chain(tables).map(|(name, path, key)| async move {
            let (is_empty, problem) = match has_rows(reader, &path, key).await {
                Ok(has_rows) => (!has_rows, None),
                Err(error) => (false, Some(error.to_string())),
            };
            StreamTested { name, is_empty, problem }
        });
        let streams = futures::stream::iter(each).buffered(AT_ONCE).collect().await;
        self.close().await;
        Ok(Tested { company: reader.session.company().to_owned(), version, streams })
    }
}

async fn has_rows(reader: &Reader, path: &str, key: &str) -> Result<bool, HttpError> {
    let question = Question { entity: path, key, select: vec![key.to_owned()], filters: Vec::new(), rows: 1 };
    let mut ask = question.ask();
    ask.path.push_str("&$top=1");
    let answer = queries::answer(reader, &ask).await?;
    Ok(!answers::page(reader.session.host(), &ask, &answer)?.value.is_empty())
}
