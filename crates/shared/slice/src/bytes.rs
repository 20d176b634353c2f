//! Reading and writing the bytes of dictionaries and chunks: little endian, each behind a mark that says what it is.
//!
//! Knows nothing of what they hold. Invariant: nothing is read past the end, and nothing is allocated for more than there are bytes.

use crate::SliceError;
use crate::errors::damaged;
use crate::manifest::VERSION;

/// Starts bytes of a kind: four letters, then the version.
pub(crate) fn begin(mark: [u8; 4]) -> Vec<u8> {
    let mut bytes = mark.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes
}

/// A place in bytes that are being read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for errors.
    what: String,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// `Damaged` when the bytes begin otherwise, `Version`.
    pub(crate) fn begin(bytes: &'a [u8], mark: [u8; 4], what: String) -> Result<Reader<'a>, SliceError> {
        let mut reader = Reader { rest: bytes, what };
        if reader.array()? != mark {
            return Err(reader.wrong("it begins otherwise"));
        }
        match u32::from_le_bytes(reader.array()?) {
            VERSION => Ok(reader),
            found => Err(SliceError::Version { found }),
        }
    }

    pub(crate) fn wrong(&self, how: impl Into<String>) -> SliceError {
        damaged(self.what.clone(), how)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], SliceError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.wrong("it ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], SliceError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.wrong("it ends early"))?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, SliceError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(crate) fn number(&mut self) -> Result<u32, SliceError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// # Errors
    /// `Damaged` when bytes are left.
    pub(crate) fn end(&self) -> Result<(), SliceError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("it goes on past its end")) }
    }
}
