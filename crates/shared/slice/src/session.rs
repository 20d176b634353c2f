//! Tiles that follow the same filters, each at its numbers of now.
//!
//! Fetches nothing and draws nothing. Invariant: after any series of filters a tile answers as if it had been asked anew under the last ones.
//!
//! Moving one filter makes one set of rows anew, intersects it with the others, and visits only the rows that came or went.

use crate::SliceError;
use crate::answer::Answer;
use crate::bits::Bits;
use crate::filter;
use crate::question::{Filter, Question};
use crate::slice::Slice;
use crate::tile::{Change, Tile};
use std::sync::Arc;

/// All tiles move the rows of one range before any moves those of the next: what they read in common is read once, from memory that is near.
const RANGE: usize = 1 << 16;

#[derive(Debug)]
pub struct Session {
    slice: Arc<Slice>,
    filters: Vec<(Filter, Bits)>,
    choices: Vec<Choice>,
    tiles: Vec<Linked>,
}

/// The rows that pass all filters but those on some columns.
#[derive(Debug)]
struct Choice {
    ignored: Vec<String>,
    rows: Bits,
}

#[derive(Debug)]
struct Linked {
    question: Question,
    tile: Tile,
    choice: usize,
}

/// A tile of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(usize);

impl Session {
    /// A session without filters and tiles.
    pub fn new(slice: Arc<Slice>) -> Session {
        Session { slice, filters: Vec::new(), choices: Vec::new(), tiles: Vec::new() }
    }

    /// Adds a tile. It follows every filter but those on the columns it ignores: a chart whose marks choose members shows all of them.
    ///
    /// # Errors
    /// As `Slice::answer`.
    pub fn add(&mut self, question: &Question, ignored: &[&str]) -> Result<Link, SliceError> {
        let linked = self.link(question, ignored)?;
        self.tiles.push(linked);
        Ok(Link(self.tiles.len() - 1))
    }

    /// Gives a tile another question: drilling down, another grain.
    ///
    /// # Errors
    /// As `Slice::answer`; then the tile stays as it was.
    pub fn replace(&mut self, link: Link, question: &Question, ignored: &[&str]) -> Result<(), SliceError> {
        let linked = self.link(question, ignored)?;
        self.tiles[link.0] = linked;
        Ok(())
    }

    fn link(&mut self, question: &Question, ignored: &[&str]) -> Result<Linked, SliceError> {
        let same = |other: &&Linked| other.question.by == question.by && other.question.time == question.time;
        let grouping = self.tiles.iter().find(same).map(|other| other.tile.grouping());
        let mut tile = Tile::new(&self.slice, question, grouping)?;
        tile.begin(&self.slice);
        tile.keep_all();
        let choice = self.choice(ignored);
        let all = Bits::all(self.slice.rows());
        let change = Change::new(&all, &self.choices[choice].rows);
        tile.start(&change);
        tile.step(&self.slice, &change, &(0..u32::MAX));
        Ok(Linked { question: question.clone(), tile, choice })
    }

    fn choice(&mut self, ignored: &[&str]) -> usize {
        let mut ignored: Vec<String> = ignored.iter().map(|name| (*name).to_owned()).collect();
        ignored.sort_unstable();
        ignored.dedup();
        self.choices.iter().position(|choice| choice.ignored == ignored).unwrap_or_else(|| {
            let rows = chosen(&self.slice, &self.filters, &ignored);
            self.choices.push(Choice { ignored, rows });
            self.choices.len() - 1
        })
    }

    /// Moves to these filters, all of which have to hold. Those that were there before cost nothing.
    ///
    /// # Errors
    /// `UnknownColumn`, `Unfit`; then nothing has moved.
    pub fn filter(&mut self, filters: &[Filter]) -> Result<(), SliceError> {
        let mut sets = Vec::with_capacity(filters.len());
        for filter in filters {
            let known = self.filters.iter().find(|(known, _)| known == filter);
            let rows =
                known.map_or_else(|| filter::rows(&self.slice, filter), |(_, rows)| Ok(rows.clone()))?;
            sets.push((filter.clone(), rows));
        }
        self.filters = sets;
        let mut changes = Vec::with_capacity(self.choices.len());
        for choice in &mut self.choices {
            let rows = chosen(&self.slice, &self.filters, &choice.ignored);
            changes.push(Change::new(&choice.rows, &rows));
            choice.rows = rows;
        }
        self.tiles.iter_mut().for_each(|linked| linked.tile.start(&changes[linked.choice]));
        for start in (0..self.slice.rows() as u32).step_by(RANGE) {
            for linked in &mut self.tiles {
                linked.tile.step(&self.slice, &changes[linked.choice], &(start..start + RANGE as u32));
            }
        }
        Ok(())
    }

    /// What a tile shows under the filters of now.
    pub fn answer(&self, link: Link) -> Answer {
        self.tiles[link.0].tile.answer(&self.slice)
    }

    /// How many rows pass all filters.
    pub fn rows(&self) -> usize {
        chosen(&self.slice, &self.filters, &[]).count()
    }

    pub fn slice(&self) -> &Arc<Slice> {
        &self.slice
    }
}

fn chosen(slice: &Slice, filters: &[(Filter, Bits)], ignored: &[String]) -> Bits {
    let mut rows = Bits::all(slice.rows());
    let followed = filters.iter().filter(|(filter, _)| !ignored.contains(&filter.column));
    followed.for_each(|(_, set)| rows.and(set));
    rows
}
