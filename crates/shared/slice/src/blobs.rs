//! Where the bytes of dictionaries and chunks come from.
//!
//! Reads none of them. Invariant: `Checked` gives bytes under their true name or not at all.

use crate::SliceError;
use crate::errors::damaged;
use crate::manifest::Id;

pub(crate) trait Blobs<'b> {
    /// The bytes of a name; `what` they are is for errors.
    ///
    /// # Errors
    /// `Missing`, `Damaged`.
    fn get(&mut self, what: &'static str, id: &Id) -> Result<&'b [u8], SliceError>;
}

/// Bytes of which nobody has computed the hash yet.
pub(crate) struct Checked<F>(pub F);

/// Bytes that were checked on arrival.
pub(crate) struct Unchecked<F>(pub F);

impl<'b, F: FnMut(&Id) -> Option<&'b [u8]>> Blobs<'b> for Unchecked<F> {
    fn get(&mut self, what: &'static str, id: &Id) -> Result<&'b [u8], SliceError> {
        self.0(id).ok_or(SliceError::Missing { what, id: *id })
    }
}

impl<'b, F: FnMut(&Id) -> Option<&'b [u8]>> Blobs<'b> for Checked<F> {
    fn get(&mut self, what: &'static str, id: &Id) -> Result<&'b [u8], SliceError> {
        let bytes = self.0(id).ok_or(SliceError::Missing { what, id: *id })?;
        if Id::of(bytes) == *id {
            return Ok(bytes);
        }
        Err(damaged(format!("{what} {id}"), "its bytes have another hash"))
    }
}
