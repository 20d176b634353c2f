//! WhatsApp: deliveries through the inbox into rows, in any order, and figures by asking.

mod deliveries;
mod figures;
pub mod landing;
