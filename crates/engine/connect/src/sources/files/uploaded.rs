//! Uploads as files of one stream: those that a sheet names, and no others.
//!
//! Invariant: after a sync the stream's rows are those of the files that the sheet names now.

use std::collections::BTreeMap;
use std::path::Path;

use super::FilesSource;
use super::discover::Place;
use super::look::LIMITS;
use super::marks::{FileMark, batch_id, mark_of};
use super::options::{FilesOptions, StreamOptions};
use super::plan::{Learned, plan};
use super::rows::Unit;
use crate::batches::Batches;
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::rejects::Rejects;
use crate::source::{FILE_COLUMN, LandHint, Piece, ReadRequest, Reading};
use crate::sources::sheet::{STREAM, SheetFile, SheetSettings, path_of};

impl FilesSource {
    /// The uploads that a sheet is made of, as one stream.
    pub(in crate::sources) fn of_sheet(
        name: &str,
        uploads: &Path,
        settings: &SheetSettings,
    ) -> Result<FilesSource, ConnectError> {
        let columns = settings.columns.iter().map(|(name, kind)| (sql_name(name), *kind)).collect();
        let own = StreamOptions { columns, ..StreamOptions::default() };
        let options = FilesOptions {
            streams: BTreeMap::from([(STREAM.to_owned(), own)]),
            limits: LIMITS,
            ..FilesOptions::default()
        };
        let unit = |file: &SheetFile| Unit {
            path: path_of(uploads, &file.content),
            file: file.name.clone(),
            sheet: file.sheet.clone(),
        };
        let place = Place::Listed {
            folder: uploads.to_owned(),
            stream: STREAM.to_owned(),
            units: settings.files.iter().map(unit).collect(),
        };
        Ok(FilesSource { kind: "sheet", place, ..FilesSource::new(name, uploads, options)? })
    }

    /// A sheet is what its files are: the rows of those that it is made of no more go.
    pub(super) fn forget_gone(&self, request: &ReadRequest, reading: &mut Reading<Vec<Piece>>) {
        let (Place::Listed { .. }, Some(known)) = (&self.place, request.known.as_deref()) else { return };
        let options = self.options.of_stream(&request.stream);
        let schema = plan(&request.stream, &options, Some(known), &Learned::default(), &[]).schema();
        for file in std::mem::take(&mut reading.gone) {
            let mark = request
                .since
                .get(&file)
                .and_then(|mark| serde_json::from_value::<FileMark>(mark.clone()).ok());
            let Some(mark) = mark.filter(|mark| mark.rows > 0) else { continue };
            // A file that comes back must not look as if it were landed.
            let mark = FileMark {
                bytes: 0,
                modified_ns: 0,
                content: String::new(),
                generation: mark.generation + 1,
                rows: 0,
                ..mark
            };
            reading.pieces.push(Piece {
                stream: request.stream.clone(),
                batch_id: batch_id(&self.name, &request.stream, &file, &mark),
                hint: LandHint::Replace { column: FILE_COLUMN.to_owned(), value: file.clone() },
                schema: schema.clone(),
                batches: Batches::ready(Vec::new()),
                rejects: Rejects::new(&file),
                mark: Some(mark_of(&file, &mark)),
                file,
            });
        }
    }
}
