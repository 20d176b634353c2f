//! The members of a dimension, or the ids of an entity, and their codes.
//!
//! Code 0 is no value; the first member has code 1. Invariant: a member keeps its code for ever. New ones get codes behind the last, so
//! that chunks of earlier editions mean the same under a later dictionary. Among those that come together the frequent ones are first: low
//! codes in most rows compress better.

use crate::SliceError;
use crate::blobs::Blobs;
use crate::bytes::{Reader, begin};
use crate::errors::damaged;
use crate::manifest::{Id, Segment};

const MARK: [u8; 4] = *b"MiSD";

/// Members in order of their codes, segment after segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dictionary {
    text: String,
    /// Where the member of each code ends in the text.
    ends: Vec<usize>,
    /// Codes in order of their members, to find one by.
    by_text: Vec<u32>,
}

impl Dictionary {
    /// Opens a dictionary that a manifest names.
    ///
    /// # Errors
    /// `Missing`, `Damaged`, `Version`.
    pub(crate) fn open<'b>(
        segments: &[Segment],
        blobs: &mut impl Blobs<'b>,
    ) -> Result<Dictionary, SliceError> {
        let mut dictionary = Dictionary::default();
        for segment in segments {
            dictionary.read(segment, blobs.get("dictionary", &segment.id)?)?;
        }
        dictionary.index();
        let twice = |pair: &[u32]| dictionary.member(pair[0]) == dictionary.member(pair[1]);
        if dictionary.by_text.windows(2).any(twice) {
            return Err(damaged("a dictionary", "a member has two codes"));
        }
        Ok(dictionary)
    }

    fn read(&mut self, segment: &Segment, bytes: &[u8]) -> Result<(), SliceError> {
        let mut reader = Reader::begin(bytes, MARK, format!("dictionary {}", segment.id))?;
        let members = reader.number()?;
        // A length takes a byte at least.
        if members != segment.members || members as usize > reader.left() {
            return Err(reader.wrong(format!("it has {members} members instead of {}", segment.members)));
        }
        let mut end = self.text.len();
        let first = self.ends.len();
        for _ in 0..members {
            let length = length(&mut reader)?;
            end = end.checked_add(length).ok_or_else(|| reader.wrong("a member is too long"))?;
            self.ends.push(end);
        }
        let text = reader.take(end - self.text.len())?;
        reader.end()?;
        self.text.push_str(std::str::from_utf8(text).map_err(|_| reader.wrong("it is no UTF-8"))?);
        if self.ends[first..].iter().any(|end| !self.text.is_char_boundary(*end)) {
            return Err(reader.wrong("a member ends within a character"));
        }
        Ok(())
    }

    fn index(&mut self) {
        let mut by_text: Vec<u32> = (1..=self.len() as u32).collect();
        by_text.sort_unstable_by_key(|code| self.member(*code));
        self.by_text = by_text;
    }

    /// Adds members that it does not have yet as one more segment, and gives its bytes; nothing when there are none.
    pub(crate) fn append(&mut self, members: &[&str]) -> Option<(Segment, Vec<u8>)> {
        if members.is_empty() {
            return None;
        }
        let mut bytes = begin(MARK);
        bytes.extend((members.len() as u32).to_le_bytes());
        for member in members {
            write_length(member.len(), &mut bytes);
        }
        for member in members {
            bytes.extend(member.as_bytes());
            self.text.push_str(member);
            self.ends.push(self.text.len());
        }
        self.index();
        Some((Segment { id: Id::of(&bytes), members: members.len() as u32 }, bytes))
    }

    /// How many members it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn at(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    /// The member of a code; `None` for no value and for codes that it does not have.
    pub(crate) fn member(&self, code: u32) -> Option<&str> {
        let index = (code as usize).checked_sub(1)?;
        (index < self.len()).then(|| self.at(index))
    }

    /// The code of a member; `None` when no row can have it.
    pub(crate) fn code(&self, member: &str) -> Option<u32> {
        let found = self.by_text.binary_search_by_key(&Some(member), |code| self.member(*code));
        found.ok().map(|index| self.by_text[index])
    }

    /// Codes in the order in which members are shown, no value last: whole numbers by size, before all others.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let key = |code: u32| {
            let member = self.member(code).unwrap_or_default();
            let number = member.parse::<i64>();
            (number.is_err(), number.unwrap_or_default(), member)
        };
        let mut codes: Vec<u32> = (1..=self.len() as u32).collect();
        codes.sort_by(|a, b| key(*a).cmp(&key(*b)));
        codes.push(0);
        codes
    }
}

/// Seven bits to a byte, lowest first; the eighth says that more follow.
fn write_length(mut length: usize, bytes: &mut Vec<u8>) {
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn length(reader: &mut Reader<'_>) -> Result<usize, SliceError> {
    let mut length = 0;
    for shift in (0..32).step_by(7) {
        let byte = reader.byte()?;
        length |= (usize::from(byte) & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(length);
        }
    }
    Err(reader.wrong("a member is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::Checked;

    #[test]
    fn codes_stay_when_members_are_added() {
        let long = "ã".repeat(300);
        let mut dictionary = Dictionary::default();
        let (first, first_bytes) = dictionary.append(&["SP", "", "PR", &long]).unwrap();
        let (second, second_bytes) = dictionary.append(&["10", "9", "AC"]).unwrap();
        assert_eq!(dictionary.append(&[]), None);
        let blob = |id: &Id| Some(if *id == first.id { &first_bytes[..] } else { &second_bytes[..] });
        let mut blobs = Checked(blob);
        let opened = Dictionary::open(&[first.clone(), second], &mut blobs).unwrap();
        assert_eq!(opened, dictionary);
        let old = Dictionary::open(std::slice::from_ref(&first), &mut blobs).unwrap();
        for code in 0..=5 {
            assert_eq!(old.member(code).is_some(), (1..=4).contains(&code));
            if let Some(member) = old.member(code) {
                assert_eq!(opened.member(code), Some(member));
                assert_eq!((old.code(member), opened.code(member)), (Some(code), Some(code)));
            }
        }
        assert_eq!((old.code("AC"), opened.code("AC"), opened.code("AL")), (None, Some(7), None));
        assert_eq!(opened.in_order(), [6, 5, 2, 7, 3, 1, 4, 0]);
        assert!(Dictionary::open(&[first.clone(), first.clone()], &mut blobs).is_err());
    }
}
