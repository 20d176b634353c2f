//! Rows that count once: those of one code in one group are a run.
//!
//! Chooses no rows. Invariant: runs are made once per grouping and depend on no filter; a code is in a group while its run has chosen rows.
//!
//! Runs are numbered by their first rows: then rows that lie together have their runs together, and moving a filter seldom waits for memory.

use crate::SliceError;
use crate::codes::{Codes, in_order};
use crate::groups::Groups;
use crate::kernels::{Move, Rows};
use crate::packing::width;
use crate::places::Places;
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Runs {
    /// The run of each row.
    of: Vec<u32>,
    /// The group of each run.
    groups: Vec<u32>,
    counting: Counting,
}

/// How the codes of an answer's rows are counted.
#[derive(Debug)]
enum Counting {
    /// Groups are the rows of the answer.
    Groups,
    /// A group lies in several spans, and a code counts once in each. The spans of a code's places neither begin nor end before those of an
    /// earlier place, so that a run is alone in those that its nearest chosen neighbours are not in.
    Neighbours(Spans),
    /// Spans of a code's places may end before those of an earlier place: all of its runs are looked at.
    Walk(Spans),
}

#[derive(Debug)]
struct Spans {
    /// Of each group: the combination of members and the spans.
    of: Vec<(u32, Range<u32>)>,
    /// Of each run: those of the same code and combination at the places just before and after.
    neighbours: Vec<[u32; 2]>,
    combinations: usize,
    shown: usize,
}

/// No neighbour.
const NONE: u32 = u32::MAX;

/// What is chosen of each run, and how many codes that makes.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    chosen: Vec<u32>,
    /// Per group; or per combination and span, as the difference from the span before.
    codes: Vec<i32>,
}

impl Runs {
    /// `last` is the greatest code.
    pub(crate) fn new(
        codes: &Codes,
        last: usize,
        groups: &Groups,
        places: &Places,
    ) -> Result<Runs, SliceError> {
        let none = groups.runs.len();
        let mut combinations = vec![none as u32; groups.len + 1];
        for (combination, of) in groups.runs.iter().enumerate() {
            combinations[of.clone()].fill(combination as u32);
        }
        let too_wide = || SliceError::TooWide { by: "a distinct count".to_owned() };
        // Bits beside each other, so that they come apart again without a division.
        let (group_bits, code_bits) = (width(groups.len as u64), width(last as u64));
        let bits = width(none as u64) + code_bits + group_bits;
        let max = u64::MAX.checked_shr(u64::BITS.checked_sub(bits).ok_or_else(too_wide)?).unwrap_or(0);
        // A combination's groups stand by place, so that the group says the place.
        let key = |row: u32| {
            let group = groups.group(row);
            let members = u64::from(combinations[group]) << code_bits | codes.get(row as usize);
            members << group_bits | group as u64
        };
        let mut of = vec![0; codes.len()];
        // Of each run in that order, whether it has another code or combination than the one before it.
        let mut first: Vec<bool> = Vec::new();
        let mut before = None;
        in_order(codes.len(), max, key, |key, row| {
            if before != Some(key) {
                first.push(before.is_none_or(|before| before >> group_bits != key >> group_bits));
                before = Some(key);
            }
            of[row as usize] = first.len() as u32 - 1;
        });
        let mut numbers = vec![NONE; first.len()];
        let mut of_runs = Vec::with_capacity(first.len());
        for (row, run) in of.iter_mut().enumerate() {
            let number = &mut numbers[*run as usize];
            if *number == NONE {
                *number = of_runs.len() as u32;
                of_runs.push(groups.group(row as u32) as u32);
            }
            *run = *number;
        }
        let counting = Counting::new(groups, places, &combinations, &first, &numbers);
        Ok(Runs { of, groups: of_runs, counting })
    }

    /// The tally of no rows.
    pub(crate) fn tally(&self, groups: &Groups) -> Tally {
        let codes = match &self.counting {
            Counting::Groups => groups.len + 1,
            Counting::Neighbours(spans) => spans.steps().len(),
            Counting::Walk(_) => 0,
        };
        Tally { chosen: vec![0; self.groups.len()], codes: vec![0; codes] }
    }

    /// Chooses rows or no longer does. All have a code.
    pub(crate) fn apply(&self, tally: &mut Tally, rows: Rows<'_>, groups: Option<&Codes>, direction: Move) {
        let Tally { chosen, codes } = tally;
        let (step, edge) = match direction {
            Move::Come => (1_i32, 1),
            Move::Go => (-1, 0),
        };
        rows.each(|row| {
            let run = self.of[row] as usize;
            chosen[run] = chosen[run].wrapping_add_signed(step);
            // The first row to come, or the last to go.
            if chosen[run] == edge {
                match &self.counting {
                    Counting::Groups => codes[groups.map_or(0, |groups| groups.get(row) as usize)] += step,
                    Counting::Neighbours(spans) => {
                        if let Some((start, end)) = spans.alone(chosen, &self.groups, run) {
                            codes[start] += step;
                            codes[end] -= step;
                        }
                    }
                    Counting::Walk(_) => {}
                }
            }
        });
    }

    /// How many codes are chosen in a group that is a row of the answer.
    pub(crate) fn in_group(tally: &Tally, group: usize) -> i64 {
        i64::from(tally.codes[group])
    }

    /// How many codes are chosen in each span, combination after combination.
    pub(crate) fn in_spans(&self, tally: &Tally) -> Vec<i64> {
        let (steps, shown) = match &self.counting {
            Counting::Groups => return Vec::new(),
            Counting::Neighbours(spans) => (tally.codes.clone(), spans.shown),
            Counting::Walk(spans) => (spans.walk(&tally.chosen, &self.groups), spans.shown),
        };
        let running = |steps: &[i32]| {
            let sums = steps.iter().scan(0_i64, |sum, step| {
                *sum += i64::from(*step);
                Some(*sum)
            });
            sums.take(shown).collect::<Vec<i64>>()
        };
        steps.chunks(shown + 1).flat_map(running).collect()
    }
}

impl Spans {
    /// No differences from span to span, for each combination and for rows in none.
    fn steps(&self) -> Vec<i32> {
        vec![0; (self.combinations + 1) * (self.shown + 1)]
    }

    /// Where the spans in which only this run has its code begin and end, among all steps.
    fn alone(&self, chosen: &[u32], groups: &[u32], run: usize) -> Option<(usize, usize)> {
        let (combination, own) = &self.of[groups[run] as usize];
        let nearest = |side: usize| {
            let mut other = self.neighbours[run][side];
            while other != NONE && chosen[other as usize] == 0 {
                other = self.neighbours[other as usize][side];
            }
            (other != NONE).then(|| &self.of[groups[other as usize] as usize].1)
        };
        let start = nearest(0).map_or(own.start, |before| own.start.max(before.end));
        let end = nearest(1).map_or(own.end, |after| own.end.min(after.start));
        let base = *combination as usize * (self.shown + 1);
        (start < end).then_some((base + start as usize, base + end as usize))
    }

    /// The differences from span to span, run after run.
    fn walk(&self, chosen: &[u32], groups: &[u32]) -> Vec<i32> {
        let mut steps = self.steps();
        for first in (0..groups.len()).filter(|run| self.neighbours[*run][0] == NONE) {
            // Up to which span the code is counted already: its places come in order of their first spans.
            let (mut counted, mut run) = (0, first as u32);
            while run != NONE {
                let (combination, span) = &self.of[groups[run as usize] as usize];
                let start = span.start.max(counted);
                if chosen[run as usize] > 0 && start < span.end {
                    let base = *combination as usize * (self.shown + 1);
                    steps[base + start as usize] += 1;
                    steps[base + span.end as usize] -= 1;
                    counted = span.end;
                }
                run = self.neighbours[run as usize][1];
            }
        }
        steps
    }
}

impl Counting {
    /// `first` says of each run, by combination, code and place, whether it is the first of its code; `numbers` are their numbers.
    fn new(
        groups: &Groups,
        places: &Places,
        combinations: &[u32],
        first: &[bool],
        numbers: &[u32],
    ) -> Counting {
        let Some(spans) = &places.spans else { return Counting::Groups };
        let of = |(group, combination): (usize, &u32)| {
            let span = if group < groups.len { spans[groups.place(group)].clone() } else { 0..0 };
            (*combination, span.start as u32..span.end as u32)
        };
        let mut neighbours = vec![[NONE; 2]; first.len()];
        for (pair, first) in numbers.windows(2).zip(first.iter().skip(1)) {
            if !first {
                neighbours[pair[0] as usize][1] = pair[1];
                neighbours[pair[1] as usize][0] = pair[0];
            }
        }
        let forward = spans.windows(2).all(|pair| pair[0].end <= pair[1].end);
        let spans = Spans {
            of: combinations.iter().enumerate().map(of).collect(),
            neighbours,
            combinations: groups.runs.len(),
            shown: places.shown.len(),
        };
        if forward { Counting::Neighbours(spans) } else { Counting::Walk(spans) }
    }
}

impl Tally {
    pub(crate) fn clear(&mut self) {
        self.chosen.fill(0);
        self.codes.fill(0);
    }
}
