//! Which group each row is in: its members and its place.
//!
//! Holds no values. Invariant: groups are numbered in order of members as they are shown, then of places, and no number depends on a filter:
//! a filter changes which rows count, never where.

use crate::SliceError;
use crate::codes::{Code, Codes, sort_by_number, with_codes};
use crate::places::{NOWHERE, Of, Places};
use crate::slice::{Held, Members, Slice};
use std::ops::Range;

/// Up to this many, every combination of members and places gets a number; beyond it only those that have rows.
const DENSE: u64 = 1 << 18;

#[derive(Debug)]
pub(crate) struct Groups {
    /// The group of each row; rows in none have the number after the last. `None` when all rows are in the only group.
    pub of: Option<Codes>,
    /// How many groups there are.
    pub len: usize,
    /// Places per combination of members.
    places: u64,
    /// Members per dimension, no value included.
    sizes: Vec<u64>,
    /// The combination and place of each group, where not every one has a number.
    keys: Option<Vec<u64>>,
    /// The groups of each combination of members, by their numbers.
    pub combinations: Vec<Range<usize>>,
}

impl Groups {
    pub(crate) fn new(slice: &Slice, by: &[String], places: &Places) -> Result<Groups, SliceError> {
        let mut dimensions = Vec::with_capacity(by.len());
        for name in by {
            let column = slice.column(name)?;
            match slice.held(column) {
                Held::Dimension(members) => dimensions.push(members),
                _ => return Err(slice.unfit(column, "group by a dimension")),
            }
        }
        let sizes: Vec<u64> = dimensions.iter().map(|members| members.in_order.len() as u64).collect();
        let wide = || SliceError::TooWide { by: by.join(", ") };
        let count = sizes.iter().try_fold(places.count as u64, |count, size| count.checked_mul(*size));
        // One number is left for rows that are in no group.
        let count = count.filter(|count| *count < u64::MAX).ok_or_else(wide)?;
        let mut groups = Groups {
            of: None,
            len: count as usize,
            places: places.count as u64,
            sizes,
            keys: None,
            combinations: Vec::new(),
        };
        if by.is_empty() && matches!(places.of, Of::Whole) {
            groups.combinations.push(0..1);
            return Ok(groups);
        }
        groups.of = Some(if count <= DENSE {
            let mut of = Codes::with_capacity(count, slice.rows());
            keys(slice, &dimensions, places, count, |keys| of.extend(keys.iter().copied()));
            of
        } else {
            let mut all = Vec::with_capacity(slice.rows());
            keys(slice, &dimensions, places, count, |keys| all.extend_from_slice(keys));
            groups.number(&all, count)
        });
        groups.combinations = groups.find_combinations();
        Ok(groups)
    }

    /// Numbers the combinations that have rows.
    fn number(&mut self, keys: &[u64], none: u64) -> Codes {
        let order = sort_by_number((0..keys.len() as u32).collect(), none, |row| keys[row as usize]);
        let mut found: Vec<u64> = Vec::new();
        let mut numbers = vec![0_u64; keys.len()];
        for row in order {
            let key = keys[row as usize];
            if key != none && found.last() != Some(&key) {
                found.push(key);
            }
            numbers[row as usize] = found.len() as u64 - u64::from(key != none);
        }
        self.len = found.len();
        self.keys = Some(found);
        Codes::narrow(self.len as u64, numbers)
    }

    fn find_combinations(&self) -> Vec<Range<usize>> {
        let places = self.places.max(1);
        let Some(keys) = &self.keys else {
            let count = self.len as u64 / places;
            return (0..count)
                .map(|number| (number * places) as usize..((number + 1) * places) as usize)
                .collect();
        };
        let mut start = 0;
        keys.chunk_by(|a, b| a / places == b / places)
            .map(|keys| {
                start += keys.len();
                start - keys.len()..start
            })
            .collect()
    }

    fn key(&self, group: usize) -> u64 {
        self.keys.as_ref().map_or(group as u64, |keys| keys[group])
    }

    pub(crate) fn place(&self, group: usize) -> usize {
        (self.key(group) % self.places) as usize
    }

    /// The combination of members of a group, as one number; combinations are shown in order of it.
    pub(crate) fn combination(&self, group: usize) -> u64 {
        self.key(group) / self.places
    }

    /// The position of a combination's member in the order of a dimension.
    pub(crate) fn position(&self, combination: u64, dimension: usize) -> usize {
        let later: u64 = self.sizes[dimension + 1..].iter().product();
        (combination / later % self.sizes[dimension]) as usize
    }

    /// The group of a row.
    pub(crate) fn group(&self, row: u32) -> usize {
        self.of.as_ref().map_or(0, |of| of.get(row as usize) as usize)
    }
}

/// Gives the members and the place of each row as one number, some rows at a time; `none` for rows in no place.
fn keys(slice: &Slice, dimensions: &[&Members], places: &Places, none: u64, mut give: impl FnMut(&[u64])) {
    // So many that what is done with them finds them in the processor's nearest memory.
    const ROWS: usize = 2_048;
    let positions: Vec<Vec<u64>> = dimensions.iter().map(|members| members.positions()).collect();
    let count = places.count as u64;
    let at = |key: &mut u64, place: u32| {
        *key = if place == NOWHERE { none } else { *key * count + u64::from(place) };
    };
    let mut buffer = [0_u64; ROWS];
    for start in (0..slice.rows()).step_by(ROWS) {
        let end = slice.rows().min(start + ROWS);
        let keys = &mut buffer[..end - start];
        keys.fill(0);
        for (members, position) in dimensions.iter().zip(&positions) {
            let size = position.len() as u64;
            with_codes!(&members.codes, codes => {
                for (key, code) in keys.iter_mut().zip(&codes[start..end]) {
                    *key = *key * size + position[code.index()];
                }
            });
        }
        match (&places.of, places.days(slice)) {
            (Of::Row(places), _) => {
                keys.iter_mut().zip(&places[start..end]).for_each(|(key, place)| at(key, *place));
            }
            (Of::Code { places, .. }, Some(days)) => with_codes!(&days.codes, codes => {
                keys.iter_mut().zip(&codes[start..end]).for_each(|(key, code)| at(key, places[code.index()]));
            }),
            _ => {}
        }
        give(keys);
    }
}
