//! Rows that count once: those of one code in one group are a cluster.
//!
//! Chooses no rows. Invariant: clusters are made once per grouping and depend on no filter; a code is in a group while its cluster has chosen rows.
//!
//! What moving a filter costs is mostly waiting for memory. So clusters are numbered by their first rows, which puts those of rows that lie together
//! together; or by code and place, where a cluster has to be seen beside others of its code.

use crate::SliceError;
use crate::bits::Bits;
use crate::codes::{Codes, in_order};
use crate::groups::Groups;
use crate::kernels::{Move, Rows};
use crate::packing::width;
use crate::places::Places;
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Clusters {
    /// The cluster of each row.
    of: Vec<u32>,
    /// The group of each cluster.
    groups: Vec<u32>,
    counting: Counting,
}

/// How the codes of an answer's rows are counted.
#[derive(Debug)]
enum Counting {
    /// Groups are the rows of the answer.
    Groups,
    /// A group lies in several spans, and a code counts once in each. The spans of a code's places neither begin nor end before those of an
    /// earlier place, so that a cluster is alone in those that its nearest chosen neighbours are not in.
    Neighbours(Spans),
    /// Spans of a code's places may end before those of an earlier place: all of its clusters are looked at.
    Walk(Spans),
}

#[derive(Debug)]
struct Spans {
    /// Of each group: the combination of members and the spans.
    of: Vec<(u32, Range<u32>)>,
    /// The clusters that have another code or combination than the one before them.
    first: Bits,
    combinations: usize,
    shown: usize,
}

/// What is chosen of each cluster, and how many codes that makes.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    chosen: Vec<u32>,
    /// The clusters that have some, where neighbours are looked for.
    present: Bits,
    /// Per group; or per combination and span, as the difference from the span before.
    codes: Vec<i32>,
}

impl Clusters {
    /// `last` is the greatest code.
    pub(crate) fn new(
        codes: &Codes,
        last: usize,
        groups: &Groups,
        places: &Places,
    ) -> Result<Clusters, SliceError> {
        let none = groups.combinations.len();
        let mut combinations = vec![none as u32; groups.len + 1];
        for (combination, of) in groups.combinations.iter().enumerate() {
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
        let (mut of_clusters, mut firsts) = (Vec::new(), Vec::new());
        let mut before = None;
        in_order(codes.len(), max, key, |key, row| {
            if before != Some(key) {
                firsts.push(before.is_none_or(|before| before >> group_bits != key >> group_bits));
                of_clusters.push((key & ((1 << group_bits) - 1)) as u32);
                before = Some(key);
            }
            of[row as usize] = of_clusters.len() as u32 - 1;
        });
        let counting = Counting::new(groups, places, &combinations, &firsts);
        if matches!(counting, Counting::Groups) {
            number_by_rows(&mut of, &mut of_clusters);
        }
        Ok(Clusters { of, groups: of_clusters, counting })
    }

    /// The tally of no rows.
    pub(crate) fn tally(&self, groups: &Groups) -> Tally {
        let codes = match &self.counting {
            Counting::Groups => groups.len + 1,
            Counting::Neighbours(spans) => spans.steps().len(),
            Counting::Walk(_) => 0,
        };
        let present = match &self.counting {
            Counting::Neighbours(_) => self.groups.len(),
            Counting::Groups | Counting::Walk(_) => 0,
        };
        Tally { chosen: vec![0; self.groups.len()], present: Bits::none(present), codes: vec![0; codes] }
    }

    /// Chooses rows or no longer does. All have a code.
    pub(crate) fn apply(&self, tally: &mut Tally, rows: Rows<'_>, groups: Option<&Codes>, direction: Move) {
        let Tally { chosen, present, codes } = tally;
        let (step, edge) = match direction {
            Move::Come => (1_i32, 1),
            Move::Go => (-1, 0),
        };
        rows.each(|row| {
            let cluster = self.of[row] as usize;
            chosen[cluster] = chosen[cluster].wrapping_add_signed(step);
            // The first row to come, or the last to go.
            if chosen[cluster] == edge {
                match &self.counting {
                    Counting::Groups => codes[groups.map_or(0, |groups| groups.get(row) as usize)] += step,
                    Counting::Neighbours(spans) => {
                        match direction {
                            Move::Come => present.set(cluster),
                            Move::Go => present.unset(cluster),
                        }
                        if let Some((start, end)) = spans.alone(present, &self.groups, cluster) {
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

    /// Where the spans in which only this cluster has its code begin and end, among all steps.
    fn alone(&self, present: &Bits, groups: &[u32], cluster: usize) -> Option<(usize, usize)> {
        let span = |cluster: usize| &self.of[groups[cluster] as usize].1;
        let (combination, own) = &self.of[groups[cluster] as usize];
        let before = present.before(cluster, &self.first);
        let after = present.after(cluster, &self.first);
        let start = before.map_or(own.start, |before| own.start.max(span(before).end));
        let end = after.map_or(own.end, |after| own.end.min(span(after).start));
        let base = *combination as usize * (self.shown + 1);
        (start < end).then_some((base + start as usize, base + end as usize))
    }

    /// The differences from span to span, cluster after cluster.
    fn walk(&self, chosen: &[u32], groups: &[u32]) -> Vec<i32> {
        let mut steps = self.steps();
        // Up to which span the code is counted already: its places come in order of their first spans.
        let mut counted = 0;
        for (cluster, (chosen, group)) in chosen.iter().zip(groups).enumerate() {
            if self.first.get(cluster) {
                counted = 0;
            }
            let (combination, span) = &self.of[*group as usize];
            let start = span.start.max(counted);
            if *chosen > 0 && start < span.end {
                let base = *combination as usize * (self.shown + 1);
                steps[base + start as usize] += 1;
                steps[base + span.end as usize] -= 1;
                counted = span.end;
            }
        }
        steps
    }
}

/// Gives clusters the order of their first rows.
fn number_by_rows(of: &mut [u32], groups: &mut [u32]) {
    let mut numbers = vec![u32::MAX; groups.len()];
    let mut numbered = Vec::with_capacity(groups.len());
    for cluster in of {
        let number = &mut numbers[*cluster as usize];
        if *number == u32::MAX {
            *number = numbered.len() as u32;
            numbered.push(groups[*cluster as usize]);
        }
        *cluster = *number;
    }
    groups.copy_from_slice(&numbered);
}

impl Counting {
    /// `firsts` says of each cluster, by combination, code and place, whether it is the first of its code.
    fn new(groups: &Groups, places: &Places, combinations: &[u32], firsts: &[bool]) -> Counting {
        let Some(spans) = &places.spans else { return Counting::Groups };
        let of = |(group, combination): (usize, &u32)| {
            let span = if group < groups.len { spans[groups.place(group)].clone() } else { 0..0 };
            (*combination, span.start as u32..span.end as u32)
        };
        let mut first = Bits::none(firsts.len());
        for (cluster, _) in firsts.iter().enumerate().filter(|(_, first)| **first) {
            first.set(cluster);
        }
        let forward = spans.windows(2).all(|pair| pair[0].end <= pair[1].end);
        let spans = Spans {
            of: combinations.iter().enumerate().map(of).collect(),
            first,
            combinations: groups.combinations.len(),
            shown: places.shown.len(),
        };
        if forward { Counting::Neighbours(spans) } else { Counting::Walk(spans) }
    }
}

impl Tally {
    pub(crate) fn clear(&mut self) {
        self.chosen.fill(0);
        self.present.clear();
        self.codes.fill(0);
    }
}
